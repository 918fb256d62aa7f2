/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request, "METHOD TARGET\nName: value\n…\n\nBODY": who gets in, the routes, the
 * operations on a database in memory's file system. Whatever it is, it is answered with less than
 * 500, and with JSON where the API answers. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/route.h"
#include "http/service.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *end = strstr(text, "\n\n");
    struct call call;
    call_init(&call);
    call.peer_is_local = true;
    if (end) {
        end[1] = '\0';
        call.body = end + 2;
        call.body_size = size - (size_t)(call.body - text);
    }
    read_head(&call, text);
    if (call_admit(&service, &call, call.body_size))
        call_perform(&service, &call);
    check_answer(&call);
    call_release(&call);
    free(text);
    return 0;
}
