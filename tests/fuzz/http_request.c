/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request, "METHOD TARGET\nName: value\n…\n\nBODY": who gets in, the routes, the
 * operations on a database in memory's file system. Whatever it is, it is answered with less than
 * 500, and with JSON where the API answers.
 *
 * The same request is then brought before a server with a key: as it is nobody gets in with it;
 * signed, in a header and in the query, whoever got in without a key gets in again. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "http/route.h"
#include "http/service.h"
#include "s3/digest.h"
#include "s3/sigv4.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum signing { UNSIGNED, IN_HEADER, IN_QUERY };

static const char now[] = "20260101T000000Z";
static const struct sigv4_key key = {
    .access_key = "AKIDEXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .region = "eu-central-1",
    .service = "mediaconvert",
};
static struct service service, locked;
static char folder[] = "/dev/shm/fuzz-http-XXXXXX";

static void clean(void)
{
    static const char *const files[] = {"status.db", "status.db-wal", "status.db-shm", "lock"};
    char path[64];
    status_close(&service.status);
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const struct status_owner owner = {"us-east-1", "111122223333"};
    static const struct log log = {LOG_LEVEL_ERROR};
    static const char *const probe[] = {"/bin/false", NULL};
    static struct cancel never;
    struct error err;
    if (!mkdtemp(folder) || status_open(&service.status, folder, &owner, &err) < 0)
        abort();
    atexit(clean);
    service.log = &log;
    service.probe = probe;
    service.stopping = &never;
    locked = service;
    locked.auth = (struct auth){.access_key = key.access_key,
                                .secret_key = key.secret_key,
                                .now_us = (int64_t)1767225600 * 1000000};
    return 0;
}

/* The next line of the head, ended; NULL behind its last. */
static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");
    return line && *line ? line : NULL;
}

static void read_head(struct call *call, char *head)
{
    char *line = next_line(&head);
    call->method = line ? strsep(&line, " ") : "";
    call->target = line ? line : "";
    while (head && (line = next_line(&head)) && call->headers_count < CALL_HEADERS_MAX) {
        char *name = strsep(&line, ":");
        const char *value = line ? line + strspn(line, " ") : "";
        call->headers[call->headers_count++] = (struct field){name, value};
    }
}

static void check_answer(const struct call *call)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *root;
    struct error err;
    size_t at;
    bool probed = call->route && strcmp(call->route->path, "/2017-08-29/probe") == 0;
    if (call->status < 200 || (call->status >= 500 && !probed)) {
        fprintf(stderr, "status %d: %s\n", call->status, call->why ? call->why : "");
        abort();
    }
    if (strcmp(call->content_type, "application/json") == 0 &&
        json_parse(arena, call->reply.data, call->reply.size, &root, &at, &err) < 0) {
        fprintf(stderr, "%s\n%s at %zu\n", call->reply.data, err.frame[0], at);
        abort();
    }
}

/* The call that the bytes are; they are kept in its arena. */
static void read_call(struct call *call, const uint8_t *data, size_t size)
{
    call_init(call);
    char *text = arena_alloc(call->arena, size + 1);
    memcpy(text, data, size);
    char *end = strstr(text, "\n\n");
    call->peer_is_local = true;
    if (end) {
        end[1] = '\0';
        call->body = end + 2;
        call->body_size = size - (size_t)(call->body - text);
    }
    read_head(call, text);
}

/* What signing says anew. */
static void drop_headers(struct call *call)
{
    static const char *const names[] = {"Authorization", "X-Amz-Date", "X-Amz-Content-Sha256"};
    int kept = 0;
    for (int i = 0; i < call->headers_count; i++) {
        bool drop = false;
        for (size_t j = 0; j < COUNT(names); j++)
            drop |= strcasecmp(call->headers[i].name, names[j]) == 0;
        if (!drop)
            call->headers[kept++] = call->headers[i];
    }
    call->headers_count = kept;
}

/* The parameters but those of a signature, as many as there is room for beside these. */
static int keep_query(const struct call *call, struct field query[FIELDS_MAX])
{
    enum { KEPT_MAX = FIELDS_MAX - 6 };
    int kept = 0;
    for (int i = 0; i < call->query_count && kept < KEPT_MAX; i++)
        if (strncmp(call->query[i].name, "X-Amz-", 6))
            query[kept++] = call->query[i];
    return kept;
}

/* As a client that has the key would send it. `admitted` is the same call, taken apart. */
static void sign(struct call *call, const struct call *admitted, enum signing signing)
{
    enum { HOUR_S = 3600 };
    struct field query[FIELDS_MAX];
    struct text path = {0}, out = {0};
    unsigned char hash[32];
    char hex[SHA256_HEX_SIZE];
    EVP_Digest(call->body ? call->body : "", call->body_size, hash, NULL, EVP_sha256(), NULL);
    digest_hex(hash, sizeof(hash), hex);
    uri_encode(&path, admitted->path, "/");
    const struct field headers[] = {{"Host", call_header(call, "Host")}, {"X-Amz-Date", now}};
    struct sigv4_request request = {
        .method = call->method,
        .path = path.data,
        .query = query,
        .query_count = keep_query(admitted, query),
        .headers = headers,
        .headers_count = signing == IN_HEADER ? 2 : 1,
        .payload = hex,
    };
    if (signing == IN_HEADER)
        sigv4_authorization(&key, &request, now, &out);
    else
        sigv4_presign(&key, &request, now, HOUR_S, &out);
    const char *signature = arena_strdup(call->arena, out.data);
    drop_headers(call);
    if (signing == IN_HEADER) {
        call->headers[call->headers_count++] = (struct field){"X-Amz-Date", now};
        call->headers[call->headers_count++] = (struct field){"Authorization", signature};
    }
    text_release(&out);
    uri_add_query(&out, request.query, request.query_count);
    call->target = arena_printf(call->arena, "%s?%s", admitted->path,
                                signing == IN_QUERY ? signature
                                : out.data          ? out.data
                                                    : "");
    text_release(&out);
    text_release(&path);
}

/* Before the server with a key. `admitted` is how it was without one; NULL: it was refused. */
static void try_lock(const uint8_t *data, size_t size, const struct call *admitted,
                     enum signing signing)
{
    struct call call;
    read_call(&call, data, size);
    bool can_sign = admitted && !admitted->absolute && call_header(&call, "Host") &&
                    call.headers_count + 2 <= CALL_HEADERS_MAX;
    if (signing != UNSIGNED && can_sign)
        sign(&call, admitted, signing);
    bool in = call_admit(&locked, &call, call.body_size) && auth_verifies(&locked.auth, &call);
    bool open = call.route && call.route->access == ACCESS_OPEN;
    bool due = open || (signing != UNSIGNED && can_sign);
    bool too_long = strlen(call.target) > CALL_TARGET_MAX; // by its signature
    if (in && !due)
        fprintf(stderr, "in without a signature: %s\n", call.target), abort();
    if (!in && due && can_sign && !too_long)
        fprintf(stderr, "out with a signature: %s: %s\n", call.target, call.why), abort();
    call_release(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    read_call(&call, data, size);
    bool admitted = call_admit(&service, &call, call.body_size);
    for (int signing = UNSIGNED; signing <= IN_QUERY; signing++)
        try_lock(data, size, admitted ? &call : NULL, (enum signing)signing);
    if (admitted)
        call_perform(&service, &call);
    check_answer(&call);
    call_release(&call);
    return 0;
}
