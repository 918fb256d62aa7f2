/* SPDX-License-Identifier: Apache-2.0 */
/* `worker`: one job, for the process that has started this one; see dispatch/protocol.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/machine.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/load.h"
#include "cli/report.h"
#include "dispatch/fault.h"
#include "dispatch/input.h"
#include "dispatch/protocol.h"
#include "dispatch/worker.h"

struct arguments {
    struct store_arguments store;
    int speed, threads;
};

static const struct option options[] = {
    STORE_OPTIONS(struct arguments, store),
    {"speed", 0, NULL, "draft: the same shapes, encoded fast", OPTION_CHOICE,
     offsetof(struct arguments, speed), job_speeds},
    {"threads", 't', "N", "cores to use (all that it may)", OPTION_NUMBER,
     offsetof(struct arguments, threads), NULL, 1, MACHINE_THREADS_MAX},
    {0},
};

struct assignment {
    struct arena *arena;
    int64_t start_wall_us;
    struct findings findings;
    struct job *job;
    struct fault fault;
};

/* The talk with who has started us. */
struct talk {
    struct announcer announcer;
    struct cancel *cancel;
    const struct fault *fault;
    struct storage *storage; /* NULL: it is not open */
    int64_t retries_said;    /* of that, by the thread that works */
    pthread_t listener;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* ---- guarded by lock, as is stdout ---- */
    enum job_phase phase;
    int64_t asked, recorded; /* lines of objects, and how many of them were */
    bool closed;             /* nobody is there any more */
};

/* --- what is said --- */

/* Called with the lock held. Takes the object over. */
static void say_locked(struct talk *talk, cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    bool said = line && printf("%s\n", line) >= 0 && !fflush(stdout);
    if (!said)
        cancel_request(talk->cancel);
    cJSON_free(line);
    cJSON_Delete(object);
}

static void say(struct talk *talk, cJSON *object)
{
    pthread_mutex_lock(&talk->lock);
    say_locked(talk, object);
    pthread_mutex_unlock(&talk->lock);
}

static cJSON *message_of(const char *type)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", type);
    return object;
}

/* Messages may quote what is in a media file, which may be anything. */
static void add_message(cJSON *object, int code, const char *message)
{
    CLEANUP(text_release) struct text text = {0};
    text_add_printable(&text, message, strlen(message));
    cJSON_AddNumberToObject(object, "code", code);
    cJSON_AddStringToObject(object, "message", text.size ? text.data : "");
}

static void say_message(struct talk *talk, int code, const char *message)
{
    cJSON *object = message_of("message");
    add_message(object, code, message);
    say(talk, object);
}

static void say_input(struct talk *talk, const struct probe *probe)
{
    cJSON *object = message_of("input");
    cJSON_AddItemToObject(object, "inputDetails", input_details(probe));
    say(talk, object);
}

static void say_progress(struct talk *talk, const struct progress *progress)
{
    cJSON *object = message_of("progress");
    cJSON_AddStringToObject(object, "phase", job_phase_names[progress->phase]);
    cJSON_AddNumberToObject(object, "percent", (int)progress->percent);
    cJSON_AddNumberToObject(object, "frames", (double)progress->frames);
    say(talk, object);
}

static void say_retries(struct talk *talk)
{
    int64_t count = talk->storage ? storage_retries(talk->storage) : 0;
    if (count == talk->retries_said)
        return;
    cJSON *object = message_of("retries");
    cJSON_AddNumberToObject(object, "count", (double)count);
    say(talk, object);
    talk->retries_said = count;
}

static void say_failure(struct talk *talk, const struct error *err)
{
    char text[2048];
    bool canceled = err->kind == ERROR_CANCELED;
    bool left = talk->storage && storage_is_littered(talk->storage);
    cJSON *object = message_of(canceled ? "canceled" : "error");
    cJSON_AddBoolToObject(object, "left", left);
    if (!canceled)
        add_message(object, error_code(err), error_text(err, text, sizeof(text)));
    say(talk, object);
}

/* GetJob has an output's duration and size only; paths are in the event. */
static cJSON *details_of_get_job(const cJSON *groups)
{
    cJSON *details = cJSON_CreateArray(), *group, *output;
    cJSON_ArrayForEach(group, groups)
    {
        cJSON *to = cJSON_CreateObject();
        cJSON *outputs = cJSON_AddArrayToObject(to, "outputDetails");
        cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(group, "outputDetails"))
        {
            cJSON *copy = cJSON_Duplicate(output, true);
            cJSON_DeleteItemFromObject(copy, "outputFilePaths");
            cJSON *video = cJSON_GetObjectItemCaseSensitive(copy, "videoDetails"), *member, *next;
            for (member = video ? video->child : NULL; member; member = next) {
                next = member->next;
                if (strcmp(member->string, "widthInPx") && strcmp(member->string, "heightInPx"))
                    cJSON_Delete(cJSON_DetachItemViaPointer(video, member));
            }
            cJSON_AddItemToArray(outputs, copy);
        }
        cJSON_AddItemToArray(details, to);
    }
    return details;
}

static void say_complete(struct talk *talk, const struct report *report)
{
    struct findings none = {0};
    cJSON *event = report_to_json(report, &none);
    static const char *const others[] = {"status", "messages", "warnings", "objects"};
    for (size_t i = 0; i < COUNT(others); i++)
        cJSON_DeleteItemFromObject(event, others[i]);
    cJSON *object = message_of("complete");
    cJSON_AddItemToObject(
        object, "outputGroupDetails",
        details_of_get_job(cJSON_GetObjectItemCaseSensitive(event, "outputGroupDetails")));
    cJSON_AddItemToObject(object, "event", event);
    say(talk, object);
}

/* --- what is heard --- */

static void *listen_to_stdin(void *arg)
{
    struct talk *talk = arg;
    static const char expected[] = PROTOCOL_RECORDED;
    size_t at = 0;
    char bytes[256];
    for (ssize_t size; (size = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 || errno == EINTR;) {
        int64_t lines = 0;
        bool wrong = size == 0;
        for (ssize_t i = 0; i < size && !wrong; i++) {
            wrong = bytes[i] != expected[at++];
            if (!expected[at]) {
                lines++;
                at = 0;
            }
        }
        if (wrong)
            break;
        pthread_mutex_lock(&talk->lock);
        talk->recorded += lines;
        pthread_cond_broadcast(&talk->changed);
        pthread_mutex_unlock(&talk->lock);
        errno = 0;
    }
    cancel_request(talk->cancel);
    pthread_mutex_lock(&talk->lock);
    talk->closed = true;
    pthread_cond_broadcast(&talk->changed);
    pthread_mutex_unlock(&talk->lock);
    return NULL;
}

/* Called with the lock held. Returns soon when the job is cancelled. */
static bool wait_until_recorded(struct talk *talk, int64_t number)
{
    enum { LOOK_US = 100000 };
    while (talk->recorded < number && !talk->closed && !cancel_requested(talk->cancel))
        condition_wait(&talk->changed, &talk->lock, clock_monotonic_us() + LOOK_US);
    return talk->recorded >= number && !cancel_requested(talk->cancel);
}

static int announce_to_server(struct announcer *announcer, const char *const *uris, int count,
                              struct error *err)
{
    struct talk *talk = (struct talk *)announcer;
    pthread_mutex_lock(&talk->lock);
    for (int i = 0; i < count; i += PROTOCOL_URIS_MOST) {
        int some = count - i < PROTOCOL_URIS_MOST ? count - i : PROTOCOL_URIS_MOST;
        cJSON *object = message_of("objects");
        cJSON_AddItemToObject(object, "uris",
                              cJSON_CreateStringArray((const char *const *)uris + i, some));
        say_locked(talk, object);
        talk->asked++;
    }
    bool recorded = wait_until_recorded(talk, talk->asked);
    bool commits = talk->phase == PHASE_UPLOADING;
    pthread_mutex_unlock(&talk->lock);
    if (!recorded)
        return error_set(err, ERROR_CANCELED, "canceled");
    return commits ? fault_happen(talk->fault, PHASE_UPLOADING, talk->cancel, err) : 0;
}

static void talk_begin(struct talk *talk, struct cancel *cancel, const struct fault *fault)
{
    *talk = (struct talk){.announcer = {announce_to_server}, .cancel = cancel, .fault = fault};
    pthread_mutex_init(&talk->lock, NULL);
    condition_init(&talk->changed);
    pthread_create(&talk->listener, NULL, listen_to_stdin, talk);
}

static void talk_end(struct talk *talk)
{
    pthread_cancel(talk->listener);
    pthread_join(talk->listener, NULL);
    pthread_cond_destroy(&talk->changed);
    pthread_mutex_destroy(&talk->lock);
}

/* --- the job --- */

static int read_all(char *bytes, size_t size, struct error *err)
{
    for (ssize_t r; size; bytes += r, size -= (size_t)r) {
        r = read(STDIN_FILENO, bytes, size);
        if (r < 0 && errno == EINTR)
            r = 0;
        else if (r <= 0)
            return error_set(err, ERROR_BAD_REQUEST, "the job on stdin ends too early");
    }
    return 0;
}

/* Not a byte more than the job is read. */
static int read_job(struct arena *arena, const char **ret, size_t *ret_size, struct error *err)
{
    char number[16] = "";
    size_t digits = 0;
    while (digits < sizeof(number) - 1) {
        if (read_all(number + digits, 1, err) < 0)
            return -1;
        if (number[digits] == '\n')
            break;
        digits++;
    }
    char *end;
    long size = strtol(number, &end, 10);
    if (!digits || end != number + digits || size < 2 || size > PROTOCOL_JOB_MOST)
        return error_set(err, ERROR_BAD_REQUEST, "stdin does not begin with the job's size");
    char *text = arena_alloc(arena, (size_t)size + 1);
    *ret = text;
    *ret_size = (size_t)size;
    return read_all(text, (size_t)size, err);
}

static int refuse(const struct findings *findings, struct error *err)
{
    for (int i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->severity == FINDING_ERROR)
            return error_set(err, ERROR_SETTINGS, "%s: %s", finding->pointer, finding->message);
    }
    return error_set(err, ERROR_SETTINGS, "the settings are refused");
}

static int understand(struct assignment *assignment, const char *text, size_t size,
                      struct error *err)
{
    struct json *root;
    size_t at;
    findings_init(&assignment->findings, assignment->arena);
    if (json_parse(assignment->arena, text, size, &root, &at, err) < 0)
        return error_add(err, "the job on stdin, at byte %zu", at);
    const struct json *start = json_member(root, "startTime");
    const struct json *settings = json_member(root, "settings");
    if (!start || start->type != JSON_NUMBER || !settings)
        return error_set(err, ERROR_BAD_REQUEST, "the job on stdin has no settings or startTime");
    assignment->start_wall_us = (int64_t)start->number;
    if (fault_read(json_find(root, "/rest/userMetadata"), &assignment->fault, err) < 0)
        return -1;
    assignment->job = job_new(assignment->arena, settings, 0, &assignment->findings);
    return assignment->job ? 0 : refuse(&assignment->findings, err);
}

static void assignment_release(struct assignment *assignment)
{
    arena_free(&assignment->arena);
}

/* --- its life --- */

static void say_messages(struct talk *talk, const struct report *report, int *infos, int *warnings)
{
    for (; *infos < report->infos_count; ++*infos)
        say_message(talk, 0, report->infos[*infos]);
    for (; *warnings < report->warnings_count; ++*warnings)
        say_message(talk, report->warnings[*warnings].code, report->warnings[*warnings].message);
}

static void say_findings(struct talk *talk, const struct findings *findings)
{
    for (int i = 0; i < findings->count; i++) {
        CLEANUP(text_release) struct text text = {0};
        text_add(&text, "%s: %s", findings->items[i].pointer, findings->items[i].message);
        if (findings->items[i].severity == FINDING_WARNING)
            say_message(talk, -1, text.data);
    }
}

static void enter(struct talk *talk, enum job_phase phase)
{
    pthread_mutex_lock(&talk->lock);
    talk->phase = phase;
    pthread_mutex_unlock(&talk->lock);
}

/* Says how it is going each time that there is something new, but not too often. */
static int watch(struct worker *worker, struct talk *talk, struct error *err)
{
    enum { TURN_US = 50 * 1000, OFTEN_US = 250 * 1000 };
    struct progress progress = {.phase = PHASE_TRANSCODING}, said = {.percent = -1};
    int r = 0;
    for (int64_t said_us = 0; r == 0; r = worker_wait(worker, TURN_US, &progress, err)) {
        say_retries(talk);
        bool entered = progress.phase != said.phase;
        bool news = progress.percent >= said.percent + 1 || progress.frames > said.frames;
        if (!entered && (!news || progress.elapsed_us < said_us + OFTEN_US))
            continue;
        say_progress(talk, &progress);
        said = progress;
        said_us = progress.elapsed_us;
        if (entered)
            enter(talk, progress.phase);
        if (entered && progress.phase == PHASE_TRANSCODING &&
            fault_happen(talk->fault, PHASE_TRANSCODING, talk->cancel, err) < 0)
            return -1;
    }
    return r;
}

/* The worker is freed, and with it what is not to remain, before the end is told. */
static int work(const struct assignment *assignment, const struct arguments *arguments,
                struct storage *storage, struct talk *talk, struct error *err)
{
    struct worker_options worker_options = {
        .draft = arguments->speed == SPEED_DRAFT,
        .threads = arguments->threads,
        .start_wall_us = assignment->start_wall_us,
        .cancel = talk->cancel,
        .announcer = &talk->announcer,
    };
    say_findings(talk, &assignment->findings);
    CLEANUP(worker_free) struct worker *worker = NULL;
    if (fault_happen(talk->fault, PHASE_PROBING, talk->cancel, err) < 0 ||
        worker_new(&worker, assignment->job, storage, &worker_options, err) < 0)
        return -1;
    int infos = 0, warnings = 0;
    say_input(talk, worker_probe(worker));
    say_messages(talk, worker_report(worker), &infos, &warnings);
    if (watch(worker, talk, err) < 0)
        return -1;
    say_messages(talk, worker_report(worker), &infos, &warnings);
    say_retries(talk);
    say_complete(talk, worker_report(worker));
    return 0;
}

int worker_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *none, *text;
    size_t size;
    int status = options_read("worker", options, argc, argv, &arguments, &none);
    if (status != OPTIONS_READ)
        return status;

    struct error err = {0};
    CLEANUP(assignment_release) struct assignment assignment = {.arena = arena_new()};
    if (read_job(assignment.arena, &text, &size, &err) < 0)
        return fail(&err, false);
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN);

    struct talk talk;
    CLEANUP(storage_free) struct storage *storage = NULL;
    talk_begin(&talk, &interrupt.cancel, &assignment.fault);
    int r = understand(&assignment, text, size, &err);
    if (r == 0)
        r = store_open(&storage, &arguments.store, &err);
    if (r == 0)
        talk.storage = storage;
    if (r == 0)
        r = work(&assignment, &arguments, storage, &talk, &err);
    if (r < 0) {
        say_retries(&talk);
        say_failure(&talk, &err);
    }
    talk_end(&talk);
    return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
