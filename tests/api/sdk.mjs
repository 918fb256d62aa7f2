// SPDX-License-Identifier: Apache-2.0
// Every operation of the newest AWS SDK for JavaScript against a server: node sdk.mjs ENDPOINT SETTINGS CLIP
//
// Prints a line of JSON for each case, {name, error}; the last says which operations were never sent.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-mediaconvert";

const [endpoint, settingsFile, clip] = process.argv.slice(2);
const settings = () => JSON.parse(readFileSync(settingsFile, "utf8"));
const role = "arn:aws:iam::111122223333:role/MediaConvert";
const client = new sdk.MediaConvertClient({
  region: "us-east-1", endpoint, maxAttempts: 1,
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
});
const sent = new Set();

/** send("CreateJob", {...}): its answer. */
async function send(operation, input = {}) {
  sent.add(operation);
  return client.send(new sdk[`${operation}Command`](input));
}

/** The message of the refusal, whose class and status must be these. */
async function refused(name, status, operation, input) {
  let answer;
  try {
    answer = await send(operation, input);
  } catch (error) {
    assert.equal(error.name, name);
    assert.ok(error instanceof sdk[name], `${error.name} is no ${name} of the SDK`);
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return error.message;
  }
  assert.fail(`${operation} was not refused: ${JSON.stringify(answer).slice(0, 200)}`);
}

/** All of a list, by pages of `MaxResults`. */
async function all(operation, member, input) {
  const found = [];
  let NextToken;
  do {
    const answer = await send(operation, { ...input, NextToken });
    assert.ok(answer[member].length <= (input.MaxResults ?? 20));
    found.push(...answer[member]);
    NextToken = answer.NextToken;
  } while (NextToken);
  return found;
}

const named = () => `name-${randomUUID()}`;
const job = (more = {}) => send("CreateJob", { Role: role, Settings: settings(), ...more });
const cases = {
  async "CreateJob echoes what it was given"() {
    const given = {
      UserMetadata: { título: "ümläut 漢字 🎬", empty: "" }, Priority: 50, Tags: { k: "" },
      StatusUpdateInterval: "SECONDS_600", AccelerationSettings: { Mode: "DISABLED" },
      HopDestinations: [{ Queue: "arn:aws:mediaconvert:us-east-1:111122223333:queues/Default", WaitMinutes: 4320, Priority: -50 }],
    };
    const answer = await job(given);
    assert.equal(answer.$metadata.httpStatusCode, 201);
    const { Tags, ...echoed } = given;
    for (const [name, value] of Object.entries(echoed)) assert.deepEqual(answer.Job[name], value, name);
    assert.deepEqual(answer.Job.Settings, settings());
    assert.match(answer.Job.Id, /^\d{13}-[0-9a-z]{6}$/);
    assert.ok(answer.Job.CreatedAt instanceof Date && Date.now() - answer.Job.CreatedAt < 60000);
    const got = await send("GetJob", { Id: answer.Job.Id });
    assert.deepEqual(got.Job, answer.Job);
    const tags = await send("ListTagsForResource", { Arn: answer.Job.Arn });
    assert.deepEqual(tags.ResourceTags.Tags, Tags);
  },

  async "a token makes one job of two requests"() {
    const ClientRequestToken = randomUUID();
    const [first, second] = [await job({ ClientRequestToken }), await job({ ClientRequestToken })];
    assert.equal(first.Job.Id, second.Job.Id);
    assert.notEqual((await job()).Job.Id, first.Job.Id);
  },

  async "a job that is wrong is refused in the service's words"() {
    const wrong = settings();
    delete wrong.OutputGroups[0].Outputs[0].AudioDescriptions[0].CodecSettings.AacSettings.SampleRate;
    const message = await refused("BadRequestException", 400, "CreateJob", { Role: role, Settings: wrong });
    assert.equal(message, "/outputGroups/0/outputs/0/audioDescriptions/0/codecSettings/aacSettings: sampleRate is a required property");
    await refused("NotFoundException", 404, "CreateJob", { Role: role, Settings: settings(), Queue: "nowhere" });
    await refused("NotFoundException", 404, "GetJob", { Id: "1515368087458-qnoxtd" });
  },

  async "CancelJob"() {
    const { Job } = await job();
    assert.equal((await send("CancelJob", { Id: Job.Id })).$metadata.httpStatusCode, 202);
    assert.equal((await send("GetJob", { Id: Job.Id })).Job.Status, "CANCELED");
    await refused("ConflictException", 409, "CancelJob", { Id: Job.Id });
    await refused("NotFoundException", 404, "CancelJob", { Id: "1515368087458-qnoxtd" });
  },

  async "ListJobs and SearchJobs by pages"() {
    const Queue = named();
    await send("CreateQueue", { Name: Queue, Status: "PAUSED" });
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await job({ Queue })).Job.Id);
    const byPages = async (operation, input) => (await all(operation, "Jobs", { Queue, MaxResults: 2, ...input })).map((j) => j.Id);
    assert.deepEqual(await byPages("ListJobs", { Order: "ASCENDING" }), ids);
    assert.deepEqual(await byPages("ListJobs", { Order: "DESCENDING" }), [...ids].reverse());
    assert.deepEqual(await byPages("ListJobs", { Order: "ASCENDING", Status: "COMPLETE" }), []);
    const InputFile = settings().Inputs[0].FileInput;
    assert.deepEqual(await byPages("SearchJobs", { Order: "ASCENDING", InputFile }), ids);
    assert.deepEqual(await byPages("SearchJobs", { InputFile: "s3://nobody/has-this" }), []);
    await refused("BadRequestException", 400, "ListJobs", { NextToken: "no token" });
    await refused("ConflictException", 409, "DeleteQueue", { Name: Queue });
  },

  async "jobs queries"() {
    const { Id } = await send("StartJobsQuery", { FilterList: [{ Key: "status", Values: ["SUBMITTED"] }], MaxResults: 3, Order: "DESCENDING" });
    let answer;
    do {
      answer = await send("GetJobsQueryResults", { Id });
      if (answer.Status !== "COMPLETE") await sleep(50);
    } while (["SUBMITTED", "PROGRESSING"].includes(answer.Status));
    assert.equal(answer.Status, "COMPLETE");
    assert.ok(answer.Jobs.length > 0 && answer.Jobs.length <= 3);
    assert.ok(answer.Jobs.every((j) => j.Status === "SUBMITTED"));
    await refused("NotFoundException", 404, "GetJobsQueryResults", { Id: randomUUID() });
  },

  async "job templates"() {
    const Name = named(), Category = named();
    const { Inputs, ...rest } = settings();
    const { FileInput, ...input } = Inputs[0];
    const Settings = { ...rest, Inputs: [input] };
    const made = await send("CreateJobTemplate", { Name, Category, Description: "für später", Settings, Tags: { a: "b" } });
    assert.equal(made.$metadata.httpStatusCode, 201);
    assert.deepEqual(made.JobTemplate.Settings, Settings);
    assert.equal(made.JobTemplate.Type, "CUSTOM");
    await refused("ConflictException", 409, "CreateJobTemplate", { Name, Settings });
    assert.deepEqual((await send("GetJobTemplate", { Name })).JobTemplate, made.JobTemplate);
    const changed = await send("UpdateJobTemplate", { Name, Description: "anders" });
    assert.equal(changed.JobTemplate.Description, "anders");
    assert.deepEqual(changed.JobTemplate.Settings, Settings);
    const listed = await all("ListJobTemplates", "JobTemplates", { Category, MaxResults: 1 });
    assert.deepEqual(listed.map((t) => t.Name), [Name]);

    const { Job } = await send("CreateJob", { Role: role, JobTemplate: Name, Settings: { Inputs: [{ FileInput }] } });
    assert.equal(Job.JobTemplate, made.JobTemplate.Arn);
    assert.deepEqual(Job.Settings.OutputGroups, rest.OutputGroups);
    assert.equal(Job.Settings.Inputs[0].FileInput, FileInput);

    assert.equal((await send("DeleteJobTemplate", { Name })).$metadata.httpStatusCode, 202);
    await refused("NotFoundException", 404, "GetJobTemplate", { Name });
  },

  async "presets"() {
    const Name = named();
    const { NameModifier, Extension, ...Settings } = settings().OutputGroups[0].Outputs[0];
    const made = await send("CreatePreset", { Name, Settings, Category: "c" });
    assert.deepEqual(made.Preset.Settings, Settings);
    assert.deepEqual((await send("GetPreset", { Name })).Preset, made.Preset);
    assert.equal((await send("UpdatePreset", { Name, Category: "d" })).Preset.Category, "d");
    assert.ok((await all("ListPresets", "Presets", { Category: "d" })).some((p) => p.Name === Name));

    const withPreset = settings();
    withPreset.OutputGroups[0].Outputs = [{ Preset: Name, NameModifier }];
    const { Job } = await send("CreateJob", { Role: role, Settings: withPreset });
    assert.ok(Job.Id);
    assert.equal((await send("DeletePreset", { Name })).$metadata.httpStatusCode, 202);
    await refused("NotFoundException", 404, "GetPreset", { Name });
    await refused("NotFoundException", 404, "CreateJob", { Role: role, Settings: withPreset });
  },

  async "queues"() {
    const Name = named();
    const made = await send("CreateQueue", { Name, Description: "d", ConcurrentJobs: 2, Tags: { x: "y" } });
    assert.equal(made.Queue.Type, "CUSTOM");
    assert.equal(made.Queue.Status, "ACTIVE");
    assert.equal(made.Queue.PricingPlan, "ON_DEMAND");
    await refused("ConflictException", 409, "CreateQueue", { Name });
    const paused = await send("UpdateQueue", { Name, Status: "PAUSED" });
    assert.equal(paused.Queue.Status, "PAUSED");
    assert.equal(paused.Queue.ConcurrentJobs, 2);
    assert.equal((await send("GetQueue", { Name })).Queue.Status, "PAUSED");
    const { TotalConcurrentJobs, UnallocatedConcurrentJobs } = await send("ListQueues");
    assert.ok(TotalConcurrentJobs >= 1 && UnallocatedConcurrentJobs === Math.max(0, TotalConcurrentJobs - 2));
    const queues = await all("ListQueues", "Queues", { MaxResults: 2 });
    assert.ok(queues.some((q) => q.Name === Name) && queues.some((q) => q.Name === "Default" && q.Type === "SYSTEM"));
    assert.equal((await send("DeleteQueue", { Name })).$metadata.httpStatusCode, 202);
    await refused("NotFoundException", 404, "GetQueue", { Name });
    await refused("BadRequestException", 400, "CreateQueue", { Name: named(), PricingPlan: "RESERVED", ReservationPlanSettings: {
      Commitment: "TWO_YEARS", RenewalType: "EXPIRE", ReservedSlots: 1 } });
  },

  async "tags"() {
    const { Queue } = await send("CreateQueue", { Name: named(), Tags: { a: "1", b: "2" } });
    await send("TagResource", { Arn: Queue.Arn, Tags: { "b c": "é", d: "" } });
    await send("UntagResource", { Arn: Queue.Arn, TagKeys: ["a"] });
    const { ResourceTags } = await send("ListTagsForResource", { Arn: Queue.Arn });
    assert.deepEqual(ResourceTags, { Arn: Queue.Arn, Tags: { b: "2", "b c": "é", d: "" } });
    await refused("NotFoundException", 404, "ListTagsForResource", { Arn: Queue.Arn.replace("name-", "none-") });
    await send("DeleteQueue", { Name: Queue.Name });
  },

  async "the policy"() {
    await send("DeletePolicy");
    const Policy = { HttpInputs: "DISALLOWED", HttpsInputs: "ALLOWED", S3Inputs: "ALLOWED" };
    assert.deepEqual((await send("PutPolicy", { Policy })).Policy, Policy);
    assert.deepEqual((await send("GetPolicy")).Policy, Policy);
    await send("DeletePolicy");
  },

  async "endpoints, versions, certificates, shares"() {
    const { Endpoints } = await send("DescribeEndpoints", { MaxResults: 1 });
    assert.deepEqual(Endpoints.map((e) => e.Url), [endpoint]);
    assert.ok((await send("ListVersions")).Versions.length > 0);
    const Arn = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
    assert.equal((await send("AssociateCertificate", { Arn })).$metadata.httpStatusCode, 201);
    assert.equal((await send("DisassociateCertificate", { Arn })).$metadata.httpStatusCode, 202);
    const { Job } = await job();
    assert.equal((await send("CreateResourceShare", { JobId: Job.Id, SupportCaseId: "case-1" })).$metadata.httpStatusCode, 202);
    await refused("NotFoundException", 404, "CreateResourceShare", { JobId: "1515368087458-qnoxtd", SupportCaseId: "case-1" });
  },

  async "Probe looks into the file"() {
    const { ProbeResults } = await send("Probe", { InputFiles: [{ FileUrl: clip }] });
    const [{ Container, Metadata }] = ProbeResults;
    assert.equal(Container.Format, "mp4");
    assert.ok(Container.Duration > 0);
    const video = Container.Tracks.find((t) => t.TrackType === "video").VideoProperties;
    assert.ok(video.Width > 0 && video.Height > 0 && video.FrameRate.Numerator > 0);
    assert.ok(Metadata.FileSize > 0 && Metadata.ETag);
    const message = await refused("BadRequestException", 400, "Probe", { InputFiles: [{ FileUrl: "s3://clips/none.mp4" }] });
    assert.match(message, /none\.mp4/);
  },
};

for (const [name, run] of Object.entries(cases)) {
  let error = null;
  try {
    await run();
  } catch (e) {
    error = e.stack ?? String(e);
  }
  console.log(JSON.stringify({ name, error }));
}
const operations = Object.keys(sdk).map((k) => /^([A-Z]\w+)Command$/.exec(k)?.[1]).filter(Boolean);
console.log(JSON.stringify({ operations: operations.length, never: operations.filter((o) => !sent.has(o)) }));
