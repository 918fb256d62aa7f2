/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast functions are invoked: bench_function FOLDER [INVOCATIONS [THREADS]]
 *
 * Makes a function in Python and one for Node.js in FOLDER, then invokes each INVOCATIONS times
 * (20,000 where none is said) from THREADS threads (1). Prints how long the first one took, which
 * starts the process, and how many there were a second after that.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/clock.h"
#include "function/function.h"

enum { THREADS_MAX = 64 };

static const char event[] =
    "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGF\","
    "\"job\":{\"id\":\"f3cc4f60-61f6-4a2b-8a21-d07600c373ce\"},\"tasks\":[{\"taskId\":\"dGFza2lk\","
    "\"s3Key\":\"film.mp4\",\"s3VersionId\":null,\"s3BucketArn\":\"arn:aws:s3:::bucket\"}]}";

static const struct {
    const char *name, *runtime, *file, *text;
} kinds[] = {
    {"python", "python3.11", "app.py",
     "def handler(event, context):\n    return {'taskId': event['tasks'][0]['taskId']}\n"},
    {"node", "nodejs20.x", "app.mjs",
     "export const handler = async (event) => ({taskId: event.tasks[0].taskId});\n"},
};

struct bench {
    struct functions *functions;
    const char *name;
    int invocations; /* of each thread */
};

static void die_if(const struct error *err, int r)
{
    char text[1024];
    if (r >= 0)
        return;
    fprintf(stderr, "bench_function: %s\n", error_text(err, text, sizeof(text)));
    exit(1);
}

static void make(struct functions *functions, size_t kind)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error err;
    struct function_record *made, record = {.name = kinds[kind].name,
                                            .runtime = kinds[kind].runtime,
                                            .handler = "app.handler",
                                            .timeout_s = 30};
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    const char *text = kinds[kind].text;
    zip_file_add(zip, kinds[kind].file, zip_source_buffer(zip, text, strlen(text), 0), 0);
    zip_close(zip);
    char bytes[4096];
    zip_source_open(source);
    zip_int64_t size = zip_source_read(source, bytes, sizeof(bytes));
    zip_source_close(source);
    zip_source_free(source);
    int r = functions_create(functions, &record, bytes, (size_t)size, arena, &made, &err);
    if (r < 0 && err.kind != ERROR_CONFLICT)
        die_if(&err, r);
}

static void *invoke(void *arg)
{
    const struct bench *bench = arg;
    for (int i = 0; i < bench->invocations; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct invocation invocation = {
            .function = bench->name, .payload = event, .size = strlen(event)};
        struct invocation_result *result;
        struct error err;
        die_if(&err, functions_invoke(bench->functions, &invocation, arena, &result, &err));
        if (result->failed) {
            fprintf(stderr, "bench_function: %s\n", result->payload);
            exit(1);
        }
    }
    return NULL;
}

/* Seconds. */
static double time_it(struct bench *bench, int threads)
{
    pthread_t started[THREADS_MAX];
    int64_t start_us = clock_monotonic_us();
    for (int i = 0; i < threads; i++)
        pthread_create(&started[i], NULL, invoke, bench);
    for (int i = 0; i < threads; i++)
        pthread_join(started[i], NULL);
    return (double)(clock_monotonic_us() - start_us) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_function FOLDER [INVOCATIONS [THREADS]]\n");
        return 2;
    }
    int invocations = argc > 2 ? atoi(argv[2]) : 20000;
    int threads = argc > 3 ? atoi(argv[3]) : 1;
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    const struct status_owner owner = {"us-east-1", "111122223333"};
    struct status *status;
    struct functions *functions;
    struct error err;
    char folder[512], logs[512];
    snprintf(folder, sizeof(folder), "%s/functions", argv[1]);
    snprintf(logs, sizeof(logs), "%s/logs", argv[1]);
    die_if(&err, status_open(&status, argv[1], &owner, &err));
    struct functions_options options = {.status = status,
                                        .folder = folder,
                                        .logs_folder = logs,
                                        .owner = {owner.region, owner.account},
                                        .concurrent = threads};
    die_if(&err, functions_new(&functions, &options, &err));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        make(functions, i);
        struct bench bench = {functions, kinds[i].name, 1};
        printf("%-8s first after %.0f ms, ", kinds[i].name, 1e3 * time_it(&bench, threads));
        bench.invocations = invocations / threads;
        printf("then %.0f a second\n", bench.invocations * threads / time_it(&bench, threads));
        fflush(stdout);
    }
    functions_free(&functions);
    status_close(&status);
    return 0;
}
