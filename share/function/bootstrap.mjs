// SPDX-License-Identifier: Apache-2.0
// Runs a Lambda function written for Node.js: asks the Runtime API for an event, calls the handler
// with it, says what it has returned or thrown, and asks for the next one.
//
// Handlers may be CommonJS or ES modules, asynchronous (they return a promise) or with a callback.
// With a callback, the answer is given when the event loop is empty, unless the handler sets
// context.callbackWaitsForEmptyEventLoop to false.
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const root = process.env.LAMBDA_TASK_ROOT;
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// --- the Runtime API ---

function request(method, name, body = "", headers = {}, through = agent) {
    return new Promise((resolve, reject) => {
        const asked = http.request(
            {
                agent: through,
                host,
                port,
                method,
                path: `/2018-06-01/runtime/${name}`,
                headers: { "Content-Length": Buffer.byteLength(body), ...headers },
            },
            (answer) => {
                const parts = [];
                answer.on("data", (part) => parts.push(part));
                answer.on("error", reject);
                answer.on("end", () =>
                    resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
                );
            },
        );
        asked.on("error", reject);
        asked.end(body);
    });
}

async function nextEvent() {
    const answer = await request("GET", "invocation/next");
    if (answer.status !== 200) throw new Error(`the Runtime API answers ${answer.status}`);
    return answer;
}

function sayResult(id, body) {
    return request("POST", `invocation/${id}/response`, body, { "Content-Type": "application/json" });
}

function sayError(name, error, through) {
    const headers = {
        "Content-Type": "application/vnd.aws.lambda.error+json",
        "Lambda-Runtime-Function-Error-Type": String(error.errorType).replace(/[^\x20-\x7e]/g, "?"),
    };
    return request("POST", `${name}/error`, JSON.stringify(error), headers, through);
}

// --- logging ---

let requestId;

// One event for each call, whatever newlines are in it.
function log(level, text) {
    const id = requestId ?? "undefined";
    process.stdout.write(`${new Date().toISOString()}\t${id}\t${level}\t${text.replace(/\n/g, "\r")}\n`);
}

const levels = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
for (const [name, level] of Object.entries(levels)) {
    console[name] = (...args) => log(level, util.format(...args));
}

// --- errors ---

class Fault extends Error {
    constructor(name, message, trace) {
        super(message);
        this.name = name;
        this.trace = trace;
    }
}

// What the Runtime API is told. Anything can be thrown.
function describe(error) {
    if (error instanceof Error || util.types.isNativeError(error)) {
        return {
            errorType: error.name,
            errorMessage: error.message,
            trace: error.trace ?? (error.stack || "").split("\n"),
        };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function logError(title, error) {
    const said = describe(error);
    const { trace, ...rest } = said;
    const own = error instanceof Error ? Object.fromEntries(Object.entries(error).filter(([name]) => name !== "trace")) : {};
    let text;
    try {
        text = JSON.stringify({ ...rest, ...own, stack: trace });
    } catch {
        text = JSON.stringify({ ...rest, stack: trace });
    }
    log("ERROR", `${title}\t${text}`);
    return said;
}

// --- the function ---

function findModule(name) {
    for (const extension of ["", ".js", ".mjs", ".cjs"]) {
        const file = path.resolve(root, name + extension);
        if (fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
    }
    throw new Fault("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`, []);
}

async function loadModule(name) {
    const file = findModule(name);
    try {
        if (!file.endsWith(".mjs")) {
            try {
                return createRequire(pathToFileURL(file))(file);
            } catch (error) {
                // it is an ES module by its package.json, or waits for something at its top
                if (!["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"].includes(error?.code)) throw error;
            }
        }
        return await import(pathToFileURL(file).href);
    } catch (error) {
        const trace = (error?.stack || "").split("\n");
        if (error instanceof SyntaxError) throw new Fault("Runtime.UserCodeSyntaxError", String(error), trace);
        if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code))
            throw new Fault("Runtime.ImportModuleError", String(error), trace);
        throw error;
    }
}

async function loadHandler(name) {
    const folder = path.posix.dirname(name);
    const dot = path.posix.basename(name).indexOf(".");
    if (dot <= 0 || name.includes("..")) throw new Fault("Runtime.MalformedHandlerName", "Bad handler", []);
    const base = path.posix.basename(name);
    const module = await loadModule(path.posix.join(folder, base.slice(0, dot)));
    const names = base.slice(dot + 1).split(".");
    const find = (from) => names.reduce((value, key) => value?.[key], from);
    const handler = find(module) ?? find(module.default);
    if (handler === undefined)
        throw new Fault("Runtime.HandlerNotFound", `${name} is undefined or not exported`, []);
    if (typeof handler !== "function")
        throw new Fault("Runtime.HandlerNotFound", `${name} is not a function`, []);
    return handler;
}

function contextOf(headers) {
    const env = process.env;
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    const client = headers["lambda-runtime-client-context"];
    return {
        callbackWaitsForEmptyEventLoop: true,
        awsRequestId: headers["lambda-runtime-aws-request-id"],
        invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
        functionName: env.AWS_LAMBDA_FUNCTION_NAME,
        functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
        memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
        // headers come as Latin-1, whatever their bytes are
        clientContext: client ? JSON.parse(Buffer.from(client, "latin1").toString()) : undefined,
        identity: undefined,
        getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    };
}

let whenEmpty; // what is to be done when the event loop is empty
process.on("beforeExit", () => {
    const then = whenEmpty;
    whenEmpty = undefined;
    then?.();
});

// What the handler has come to; rejects with what it has thrown.
function call(handler, event, context) {
    return new Promise((resolve, reject) => {
        whenEmpty = () => resolve(null); // it has never called back
        const done = (error, value) => {
            const end = error === undefined || error === null ? () => resolve(value) : () => reject(error);
            if (context.callbackWaitsForEmptyEventLoop) whenEmpty = end;
            else setImmediate(end);
        };
        context.done = done;
        context.succeed = (value) => done(null, value);
        context.fail = (error) => done(error ?? "handled");
        const result = handler(event, context, done);
        if (typeof result?.then === "function") result.then(resolve, reject);
    }).finally(() => {
        whenEmpty = undefined;
    });
}

function marshal(value) {
    try {
        return JSON.stringify(value === undefined ? null : value) ?? "null";
    } catch (error) {
        throw new Fault("Runtime.MarshalError", `Unable to marshal response: ${error.message}`, []);
    }
}

async function invoke(handler, answer) {
    requestId = answer.headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = answer.headers["lambda-runtime-trace-id"] ?? "";
    let result, failure;
    try {
        const event = JSON.parse(answer.body.toString());
        result = marshal(await call(handler, event, contextOf(answer.headers)));
    } catch (error) {
        failure = { error };
    }
    if (failure) await sayError(`invocation/${requestId}`, logError("Invoke Error", failure.error));
    else await sayResult(requestId, result);
}

// What nobody catches ends the process; the Runtime API hears of it first, through another
// connection: on the usual one the next event may be waited for.
function fatal(title, error) {
    const said = logError(title, error);
    const told = sayError(requestId ? `invocation/${requestId}` : "init", said, new http.Agent());
    told.catch(() => {}).then(() => process.exit(129));
}

process.on("uncaughtException", (error) => fatal("Uncaught Exception", error));
process.on("unhandledRejection", (reason) => {
    const trace = (reason?.stack || "").split("\n");
    fatal("Unhandled Promise Rejection", new Fault("Runtime.UnhandledPromiseRejection", String(reason), trace));
});

let handler;
try {
    handler = await loadHandler(process.env._HANDLER);
} catch (error) {
    await sayError("init", logError("Uncaught Exception", error));
    process.exit(1);
}
for (;;) await invoke(handler, await nextEvent());
