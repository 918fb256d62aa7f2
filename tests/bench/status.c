/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the database is: bench_status FOLDER [JOBS]
 *
 * Makes JOBS jobs (100,000 where none is said) of the size of the tutorial's in FOLDER, then times
 * each call. Prints, for each, calls a second and the slowest of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "status/queues.h"
#include "status/status.h"

enum { SETTINGS_BYTES = 9000, PAGE = 20, REPEATS = 200 };

struct bench {
    struct status *status;
    struct arena *arena; /* of one call */
    struct new_job job;
    char id[32]; /* of some job */
    struct error err;
};

static void die_if(struct bench *b, int r)
{
    char text[1024];
    if (r >= 0)
        return;
    fprintf(stderr, "bench_status: %s\n", error_text(&b->err, text, sizeof(text)));
    exit(1);
}

static void do_create(struct bench *b)
{
    struct job_record *record;
    die_if(b, status_job_create(b->status, &b->job, b->arena, &record, &b->err));
    snprintf(b->id, sizeof(b->id), "%s", record->id);
}

static void do_get(struct bench *b)
{
    struct job_record *record;
    die_if(b, status_job_get(b->status, b->id, b->arena, &record, &b->err));
}

static void do_run(struct bench *b)
{
    struct job_record *record;
    struct job_end end = {.status = JOB_COMPLETE, .output_groups = "[]"};
    die_if(b, status_next_job(b->status, 0, b->arena, &record, &b->err));
    die_if(b, status_job_end(b->status, record->id, record->attempt, &end, &b->err));
}

static void list(struct bench *b, const struct job_filter *filter, bool descending,
                 const char *from)
{
    struct page page = {PAGE, from, descending};
    struct job_record **jobs;
    int count;
    die_if(b, status_job_list(b->status, filter, &page, b->arena, &jobs, &count, &page.token,
                              &b->err));
}

static void do_list(struct bench *b)
{
    list(b, &(struct job_filter){NULL}, true, NULL);
}

static void do_list_status(struct bench *b)
{
    list(b, &(struct job_filter){.status = (enum job_status[]){JOB_COMPLETE}}, true, NULL);
}

static void do_list_none(struct bench *b)
{
    list(b, &(struct job_filter){"Default", (enum job_status[]){JOB_ERROR}}, false, NULL);
}

static void do_search(struct bench *b)
{
    list(b, &(struct job_filter){.input = "film.mp4"}, false, NULL);
}

static void do_search_nothing(struct bench *b)
{
    list(b, &(struct job_filter){.input = "nowhere"}, false, NULL);
}

static void do_queue(struct bench *b)
{
    struct queue_record *queue;
    die_if(b, status_queue_get(b->status, "Default", b->arena, &queue, &b->err));
}

static void do_counts(struct bench *b)
{
    int64_t counts[JOB_STATUSES];
    die_if(b, status_job_counts(b->status, counts, &b->err));
}

static void time_it(struct bench *b, const char *name, void (*call)(struct bench *b), int times)
{
    int64_t start = clock_monotonic_us(), slowest = 0;
    for (int i = 0; i < times; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        b->arena = arena;
        int64_t before = clock_monotonic_us();
        call(b);
        int64_t took = clock_monotonic_us() - before;
        slowest = took > slowest ? took : slowest;
    }
    double seconds = (double)(clock_monotonic_us() - start) / 1e6;
    printf("%-28s %9.0f a second, slowest %8.2f ms\n", name, times / seconds,
           (double)slowest / 1e3);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_status FOLDER [JOBS]\n");
        return 2;
    }
    int jobs = argc > 2 ? atoi(argv[2]) : 100000;
    CLEANUP(free_pointer) char *settings = calloc(1, SETTINGS_BYTES);
    snprintf(settings, SETTINGS_BYTES, "{\"pad\":\"%*s\"}", SETTINGS_BYTES - 20, "x");
    struct bench b = {
        .job = {"Default", 0, settings, "{\"userMetadata\":{\"a\":\"b\"}}", "s3://in/film.mp4"},
    };
    const struct status_owner owner = {"us-east-1", "111122223333"};

    int64_t start = clock_monotonic_us();
    die_if(&b, status_open(&b.status, argv[1], &owner, &b.err));
    printf("%-28s %9.2f ms\n", "open", (double)(clock_monotonic_us() - start) / 1e3);
    time_it(&b, "CreateJob", do_create, jobs);
    time_it(&b, "start and end of a job", do_run, 1000);
    time_it(&b, "GetJob", do_get, 10000);
    time_it(&b, "ListJobs", do_list, REPEATS);
    time_it(&b, "ListJobs by status", do_list_status, REPEATS);
    time_it(&b, "ListJobs, none in it", do_list_none, REPEATS);
    time_it(&b, "SearchJobs", do_search, REPEATS);
    time_it(&b, "SearchJobs, none found", do_search_nothing, 20);
    time_it(&b, "GetQueue", do_queue, REPEATS);
    time_it(&b, "job counts", do_counts, REPEATS);
    start = clock_monotonic_us();
    status_close(&b.status);
    printf("%-28s %9.2f ms\n", "close", (double)(clock_monotonic_us() - start) / 1e3);
    return 0;
}
