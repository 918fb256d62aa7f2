/* SPDX-License-Identifier: Apache-2.0 */
/* A dispatcher with a database and a storage in a folder that goes with the test. */
#ifndef UNIT_DISPATCH_PLACE_H
#define UNIT_DISPATCH_PLACE_H

#include "dispatch_fake.h"
#include "remove_folder.h"

#include <dirent.h>
#include <sys/wait.h>

#include "dispatch/dispatcher.h"
#include "status/jobs.h"

static const char self[] = "/proc/self/exe";

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

struct place {
    char top[64], storage_folder[80];
    const char *words[3];
    struct storage *storage;
    struct status *status;
    struct dispatcher *dispatcher;
    struct arena *arena;
    struct error err;
    int files; /* open at the start */
};

static inline void ok(struct place *p, int r)
{
    char text[1024];
    if (r < 0)
        fail_msg("%s", error_text(&p->err, text, sizeof(text)));
}

static inline int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static inline void open_status(struct place *p)
{
    struct status_owner owner = {"us-east-1", "111122223333"};
    ok(p, status_open(&p->status, p->top, &owner, &p->err));
}

static inline int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->top, sizeof(p->top), "%s/dispatch.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->top))
        return -1;
    snprintf(p->storage_folder, sizeof(p->storage_folder), "%s/buckets", p->top);
    mkdir(p->storage_folder, 0777);
    p->words[0] = "--storage";
    p->words[1] = p->storage_folder;
    p->arena = arena_new();
    p->files = open_files();
    open_status(p);
    *state = p;
    return storage_open_folder(&p->storage, p->storage_folder, &p->err);
}

/* No zombie and no descriptor is left. */
static inline int teardown(void **state)
{
    struct place *p = *state;
    dispatcher_free(&p->dispatcher);
    status_close(&p->status);
    storage_free(&p->storage);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(open_files(), p->files);
    arena_free(&p->arena);
    remove_folder(p->top);
    free(p);
    return 0;
}

static inline void start(struct place *p, int concurrent)
{
    static char program[4096];
    program[readlink(self, program, sizeof(program) - 1)] = '\0';
    struct dispatcher_options options = {
        .store_words = p->words,
        .worker_program = program,
        .concurrent = concurrent,
        .memory_max = 256 << 20,
        .cpu_max_s = 2,
    };
    ok(p, dispatcher_start(&p->dispatcher, p->status, p->storage, &options, &p->err));
}

static inline const char *submit(struct place *p, const char *fake)
{
    struct new_job job = {
        .queue = "Default",
        .settings = arena_printf(p->arena, "{\"fake\":\n\"%s\"}", fake),
        .rest = "{}",
        .input = "",
    };
    struct job_record *record;
    ok(p, status_job_create(p->status, &job, p->arena, &record, &p->err));
    if (p->dispatcher)
        dispatcher_wake(p->dispatcher);
    return record->id;
}

static inline const struct job_record *job(struct place *p, const char *id)
{
    struct job_record *record;
    ok(p, status_job_get(p->status, id, p->arena, &record, &p->err));
    return record;
}

static inline const struct job_record *wait_for_end(struct place *p, const char *id)
{
    for (int i = 0; i < 2000; i++) {
        const struct job_record *record = job(p, id);
        if (job_status_is_final(record->status))
            return record;
        sleep_ms(10);
    }
    fail_msg("job %s does not end", id);
    return NULL;
}

static inline void wait_for_file(struct place *p, const char *name)
{
    for (int i = 0; i < 1000 && !has_file(p->storage_folder, name); i++)
        sleep_ms(10);
    assert_true(has_file(p->storage_folder, name));
}

/* The first one; NULL: there is none. */
static inline const struct stray_objects *stray(struct place *p)
{
    struct stray_objects *found;
    ok(p, status_stray_objects(p->status, 0, p->arena, &found, &p->err));
    if (found)
        ok(p, status_job_objects_stay(p->status, found->id, found->attempt, &p->err));
    return found;
}

static inline void expect_no_strays(struct place *p)
{
    assert_null(stray(p));
}

#endif
