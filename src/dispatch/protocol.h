/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker process and whoever has started it tell each other, on its stdin and stdout.
 *
 * To the worker: the job, "BYTES\n" followed by so many bytes of JSON,
 *
 *   {"startTime": µs since 1970, "settings": {…}, "rest": {"userMetadata": {…}, …}}
 *
 * then the line "recorded" for each line of `objects` that it has said. The end of its stdin means
 * that the server has died: it cancels the job and leaves nothing.
 *
 * From the worker, one JSON object a line, told apart by "type":
 *
 *   {"type":"input","inputDetails":[…]}           INPUT_INFORMATION's
 *   {"type":"progress","phase":"TRANSCODING","percent":45,"frames":312}
 *   {"type":"retries","count":2}                  storage_retries(), where that has grown
 *   {"type":"message","code":0,"message":"…"}     as status_job_message() takes them
 *   {"type":"objects","uris":["s3://…", …]}       not to be seen before this is "recorded"
 *
 * and in the end one of these, after which it exits. But for the first, no object remains, or
 * "left" is true: the storage did not let it remove them all.
 *
 *   {"type":"complete","outputGroupDetails":[…],"event":{…}}
 *   {"type":"error","code":1404,"message":"…","left":false}
 *   {"type":"canceled","left":false}
 */
#ifndef DISPATCH_PROTOCOL_H
#define DISPATCH_PROTOCOL_H

#include "base/json.h"

#define PROTOCOL_RECORDED "recorded\n"

enum {
    PROTOCOL_LINE_MOST = 8 << 20, /* bytes */
    PROTOCOL_URIS_MOST = 500,     /* of a line, each of at most 1 KiB before JSON escapes it */
    PROTOCOL_JOB_MOST = JSON_MAX_BYTES,
};

#endif
