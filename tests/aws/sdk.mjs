// SPDX-License-Identifier: Apache-2.0
// Lambda, its logs, IAM and STS as the newest AWS SDK for JavaScript calls them: node sdk.mjs ENDPOINT ZIP
//
// The zip has main.handler, which answers {event} and throws where the event is "raise". Prints a line of JSON for each
// case, {name, error}.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as sts from "@aws-sdk/client-sts";

const [endpoint, zipFile] = process.argv.slice(2);
const options = {
  region: "us-east-1", endpoint, maxAttempts: 1,
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
};
const clients = new Map([
  [iam, new iam.IAMClient(options)], [lambda, new lambda.LambdaClient(options)],
  [logs, new logs.CloudWatchLogsClient(options)], [sts, new sts.STSClient(options)],
]);
const ZipFile = readFileSync(zipFile);
const Role = "arn:aws:iam::111122223333:role/lambda";
const trust = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole" }] });

/** send(lambda, "Invoke", {...}): its answer. */
const send = (sdk, operation, input = {}) => clients.get(sdk).send(new sdk[`${operation}Command`](input));

/** The message of the refusal, whose class and status must be these. */
async function refused(sdk, name, status, operation, input) {
  let answer;
  try {
    answer = await send(sdk, operation, input);
  } catch (error) {
    assert.ok(error instanceof sdk[name], `${error.name} is no ${name} of the SDK: ${error.message}`);
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return error.message;
  }
  assert.fail(`${operation} was not refused: ${JSON.stringify(answer).slice(0, 200)}`);
}

const FunctionName = "of-the-sdk";
const function_ = { FunctionName, Runtime: "python3.11", Role, Handler: "main.handler", Code: { ZipFile }, Timeout: 10 };
const text = (payload) => JSON.parse(Buffer.from(payload).toString());

const cases = {
  async "a function is created, found, invoked"() {
    const made = await send(lambda, "CreateFunction", { ...function_, Environment: { Variables: { WORD: "ü" } } });
    assert.equal(made.$metadata.httpStatusCode, 201);
    await lambda.waitUntilFunctionActiveV2({ client: clients.get(lambda), maxWaitTime: 10 }, { FunctionName });
    await lambda.waitUntilFunctionUpdatedV2({ client: clients.get(lambda), maxWaitTime: 10 }, { FunctionName });
    const { Functions } = await send(lambda, "ListFunctions");
    assert.deepEqual(Functions.map((one) => one.FunctionName), [FunctionName]);
    const answer = await send(lambda, "Invoke", { FunctionName, Payload: JSON.stringify({ a: "漢" }), LogType: "Tail" });
    assert.deepEqual(text(answer.Payload).event, { a: "漢" });
    assert.equal(answer.ExecutedVersion, "$LATEST");
    assert.match(Buffer.from(answer.LogResult, "base64").toString(), /START RequestId/);
    const failed = await send(lambda, "Invoke", { FunctionName, Payload: '"raise"' });
    assert.equal(failed.FunctionError, "Unhandled");
    assert.equal(text(failed.Payload).errorType, "ValueError");
    const { Code } = await send(lambda, "GetFunction", { FunctionName });
    assert.ok(Buffer.from(await (await fetch(Code.Location)).arrayBuffer()).equals(ZipFile));
  },

  async "what Lambda refuses has its class"() {
    const none = { FunctionName: "nobody" };
    assert.match(await refused(lambda, "ResourceNotFoundException", 404, "Invoke", none), /^Function not found: arn:aws:lambda:/);
    await refused(lambda, "ResourceNotFoundException", 404, "GetFunction", none);
    assert.equal(await refused(lambda, "ResourceConflictException", 409, "CreateFunction", function_), `Function already exist: ${FunctionName}`);
    await refused(lambda, "InvalidParameterValueException", 400, "CreateFunction", { ...function_, FunctionName: "x", Timeout: 901 });
    await refused(lambda, "InvalidRequestContentException", 400, "Invoke", { FunctionName, Payload: "{" });
    await refused(lambda, "RequestTooLargeException", 413, "Invoke", { FunctionName, InvocationType: "Event", Payload: " ".repeat(1048577) });
    await refused(lambda, "PreconditionFailedException", 412, "UpdateFunctionConfiguration", { FunctionName, Timeout: 3, RevisionId: "none" });
    await send(lambda, "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: 0 });
    await refused(lambda, "TooManyRequestsException", 429, "Invoke", { FunctionName });
    await send(lambda, "DeleteFunctionConcurrency", { FunctionName });
  },

  async "an event"() {
    const answer = await send(lambda, "Invoke", { FunctionName, InvocationType: "Event", Payload: '"later"' });
    assert.equal(answer.StatusCode, 202);
    const found = async () => (await send(logs, "FilterLogEvents", { logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: '"later"' })).events;
    for (let i = 0; i < 100 && !(await found()).length; i++) await new Promise((done) => setTimeout(done, 100));
    assert.equal((await found()).length, 1);
  },

  async "logs"() {
    const { logGroups } = await send(logs, "DescribeLogGroups", { logGroupNamePrefix: "/aws/lambda/" });
    assert.deepEqual(logGroups.map((group) => group.logGroupName), [`/aws/lambda/${FunctionName}`]);
    const message = await refused(logs, "ResourceNotFoundException", 400, "FilterLogEvents", { logGroupName: "/aws/lambda/nobody" });
    assert.equal(message, "The specified log group does not exist.");
    await refused(logs, "InvalidParameterException", 400, "FilterLogEvents", { logGroupName: logGroups[0].logGroupName, filterPattern: "{ $.a = 1 }" });
    await send(logs, "DeleteLogGroup", { logGroupName: logGroups[0].logGroupName });
    assert.deepEqual((await send(logs, "DescribeLogGroups")).logGroups, []);
  },

  async "roles and policies"() {
    const RoleName = "of-the-sdk";
    const made = await send(iam, "CreateRole", { RoleName, AssumeRolePolicyDocument: trust, Tags: [{ Key: "k", Value: "<&>" }] });
    assert.equal(decodeURIComponent(made.Role.AssumeRolePolicyDocument), trust);
    assert.deepEqual(made.Role.Tags, [{ Key: "k", Value: "<&>" }]);
    assert.ok(Math.abs(Date.now() - made.Role.CreateDate) < 60000);
    const { Policy } = await send(iam, "CreatePolicy", { PolicyName: "p", PolicyDocument: trust });
    await send(iam, "AttachRolePolicy", { RoleName, PolicyArn: Policy.Arn });
    assert.equal((await send(iam, "ListAttachedRolePolicies", { RoleName })).AttachedPolicies[0].PolicyArn, Policy.Arn);
    await refused(iam, "DeleteConflictException", 409, "DeleteRole", { RoleName });
    await refused(iam, "DeleteConflictException", 409, "DeletePolicy", { PolicyArn: Policy.Arn });
    await refused(iam, "EntityAlreadyExistsException", 409, "CreateRole", { RoleName, AssumeRolePolicyDocument: trust });
    await refused(iam, "MalformedPolicyDocumentException", 400, "PutRolePolicy", { RoleName, PolicyName: "p", PolicyDocument: "{" });
    await send(iam, "DetachRolePolicy", { RoleName, PolicyArn: Policy.Arn });
    await send(iam, "DeletePolicy", { PolicyArn: Policy.Arn });
    await send(iam, "DeleteRole", { RoleName });
    await refused(iam, "NoSuchEntityException", 404, "GetRole", { RoleName });
  },

  async "who am I"() {
    assert.equal((await send(sts, "GetCallerIdentity")).Account, "111122223333");
  },
};

for (const [name, run] of Object.entries(cases)) {
  let error = null;
  try {
    await run();
  } catch (thrown) {
    error = thrown.stack;
  }
  console.log(JSON.stringify({ name, error }));
}
