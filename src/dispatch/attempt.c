/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/attempt.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "dispatch/complaint.h"
#include "dispatch/protocol.h"
#include "dispatch/strays.h"

enum {
    TERM_US = 900 * 1000,         /* from SIGTERM to SIGKILL: a job is cancelled within a second */
    LINGER_US = 10 * 1000 * 1000, /* that a worker may live on after its last line */
    AGAIN_US = 1000 * 1000,       /* until status/ is told again what it could not take */
    PROGRESS_US = 100 * 1000,     /* between two times that status/ is told of it */
    MESSAGES_MOST = 1000,
    URIS_MOST = 64 << 20, /* bytes */
};

enum wish { WISH_NONE, WISH_CANCEL, WISH_STOP };

/* What the worker says of the end; NONE: it has ended without a word. */
enum outcome { OUTCOME_NONE, OUTCOME_COMPLETE, OUTCOME_ERROR, OUTCOME_CANCELED };

struct attempt {
    const struct attempt_options *options;
    struct arena *arena; /* id and what the end says */
    const char *id;
    int number;
    int64_t began_us;
    struct execution *execution; /* NULL: it could not be started */

    enum wish wish;
    int64_t kill_us;   /* when it is killed if it still lives; INT64_MAX: never */
    const char *fault; /* what it has done wrong; NULL: nothing */
    bool crashed;

    struct job_progress progress;
    bool progress_told, input_told;
    int64_t progress_us; /* when it was last told */
    int64_t retries;
    int messages;
    size_t uris_bytes; /* of its objects' URIs */
    char *unrecorded;  /* of those, a JSON array that is to be put on record; NULL: none */

    enum outcome outcome;
    struct job_end end;
    int64_t told_us; /* when status/ was last told of the end, in vain; 0: not yet */

    bool left; /* objects, perhaps; while the cleaner works, it is his */
    bool cleaning;
    pthread_t cleaner;
    atomic_bool cleaned;
};

/* --- the log --- */

static void log_start(const struct attempt *attempt)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", attempt->number);
    if (attempt->options->log)
        log_line(attempt->options->log, LOG_LEVEL_INFO, "job_started", "job", attempt->id,
                 "attempt", number, NULL);
}

static void log_end(const struct attempt *attempt)
{
    const struct job_end *end = &attempt->end;
    char code[16], seconds[32];
    snprintf(code, sizeof(code), "%d", end->error_code);
    snprintf(seconds, sizeof(seconds), "%.3f", (double)attempt_busy_us(attempt) / 1e6);
    if (attempt->options->log)
        log_line(attempt->options->log, LOG_LEVEL_INFO, "job_ended", "job", attempt->id, "status",
                 job_status_names[end->status], "code", end->error_code ? code : NULL, "why",
                 end->error_message, "seconds", seconds, NULL);
}

/* --- start --- */

static const char *job_text(const struct job_record *job, struct text *out)
{
    text_add(out, "{\"startTime\":%" PRId64 ",\"settings\":", clock_wall_us());
    text_append(out, job->settings, strlen(job->settings));
    text_add(out, ",\"rest\":");
    text_append(out, job->rest, strlen(job->rest));
    text_add(out, "}");
    return out->data;
}

static void end_with(struct attempt *attempt, const char *message)
{
    attempt->end = (struct job_end){
        .status = JOB_ERROR,
        .error_code = ERROR_UNKNOWN,
        .error_message = arena_strdup(attempt->arena, message),
    };
}

struct attempt *attempt_start(const struct attempt_options *options, const struct job_record *job)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    if (!attempt)
        abort(); // as arena.h does it
    attempt->options = options;
    attempt->arena = arena_new();
    attempt->id = arena_strdup(attempt->arena, job->id);
    attempt->number = job->attempt;
    attempt->began_us = clock_monotonic_us();
    attempt->kill_us = INT64_MAX;
    attempt->progress_told = true; // there is none

    struct error err;
    CLEANUP(text_release) struct text text = {0};
    log_start(attempt);
    job_text(job, &text);
    if (execution_start(&attempt->execution, &options->execution, text.data, text.size, &err) < 0) {
        char why[1024];
        attempt->outcome = OUTCOME_ERROR;
        end_with(attempt, error_text(&err, why, sizeof(why)));
    }
    return attempt;
}

void attempt_fds(const struct attempt *attempt, struct pollfd fds[EXECUTION_FDS])
{
    for (int i = 0; i < EXECUTION_FDS; i++)
        fds[i] = (struct pollfd){.fd = -1};
    if (attempt->execution)
        execution_fds(attempt->execution, fds);
}

/* --- what the worker says --- */

static const char *print(struct attempt *attempt, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    const char *copy = text ? arena_strdup(attempt->arena, text) : "";
    cJSON_free(text);
    return copy;
}

static int hear_input(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const cJSON *details = cJSON_GetObjectItemCaseSensitive(said, "inputDetails");
    if (!cJSON_IsArray(details))
        return error_set(err, ERROR_UNKNOWN, "inputDetails are missing");
    if (attempt->input_told)
        return 0;
    attempt->input_told = true;
    return status_job_input(attempt->options->status, attempt->id, attempt->number,
                            print(attempt, details), err);
}

static int hear_progress(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const char *phase = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "phase"));
    double percent = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(said, "percent"));
    double frames = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(said, "frames"));
    int number = PHASE_PROBING;
    while (phase && number <= PHASE_UPLOADING && strcmp(phase, job_phase_names[number]))
        number++;
    if (!phase || number > PHASE_UPLOADING || !(percent >= 0 && percent <= 100) ||
        !(frames >= 0 && frames < 1e15))
        return error_set(err, ERROR_UNKNOWN, "progress is incomplete");
    attempt->progress = (struct job_progress){
        .phase = (enum job_phase)number, .percent = (int)percent, .frames = (int64_t)frames};
    attempt->progress_told = false;
    return 0;
}

static int hear_retries(struct attempt *attempt, const cJSON *said, struct error *err)
{
    double count = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(said, "count"));
    if (!(count >= 0 && count < 1e15))
        return error_set(err, ERROR_UNKNOWN, "retries are not counted");
    if ((int64_t)count > attempt->retries)
        attempt->retries = (int64_t)count;
    return 0;
}

static int hear_message(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "message"));
    double code = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(said, "code"));
    if (!message || !(code >= -1 && code < 1e9))
        return error_set(err, ERROR_UNKNOWN, "a message is incomplete");
    if (attempt->messages++ >= MESSAGES_MOST)
        return 0;
    return status_job_message(attempt->options->status, attempt->id, attempt->number, (int)code,
                              message, err);
}

/* Tells the worker that its objects are on record. Where one of them is being removed for somebody
 * before, that has to wait: attempt_turn() comes back to it. One that is to stop is not told that
 * it may go on. */
static int record_objects(struct attempt *attempt, struct error *err)
{
    int r = 0;
    if (attempt->wish == WISH_NONE)
        r = status_job_objects(attempt->options->status, attempt->id, attempt->number,
                               attempt->unrecorded, err);
    if (r != 0)
        return r < 0 ? -1 : 0;
    free(TAKE(attempt->unrecorded));
    if (attempt->wish == WISH_NONE)
        execution_tell(attempt->execution, PROTOCOL_RECORDED);
    return 0;
}

static int hear_objects(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const cJSON *uris = cJSON_GetObjectItemCaseSensitive(said, "uris"), *uri;
    if (!cJSON_IsArray(uris))
        return error_set(err, ERROR_UNKNOWN, "objects are missing");
    cJSON_ArrayForEach(uri, uris)
    {
        if (!cJSON_IsString(uri))
            return error_set(err, ERROR_UNKNOWN, "an object has no URI");
        attempt->uris_bytes += strlen(uri->valuestring) + 1;
        if (attempt->uris_bytes > URIS_MOST)
            return error_set(err, ERROR_UNKNOWN, "there are too many objects");
    }
    attempt->unrecorded = cJSON_PrintUnformatted(uris);
    if (!attempt->unrecorded)
        return error_set(err, ERROR_UNKNOWN, "out of memory");
    return record_objects(attempt, err);
}

static int hear_complete(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(said, "outputGroupDetails");
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(said, "event");
    if (!cJSON_IsArray(groups) || !cJSON_IsObject(event))
        return error_set(err, ERROR_UNKNOWN, "the report is incomplete");
    attempt->outcome = OUTCOME_COMPLETE;
    attempt->end = (struct job_end){
        .status = JOB_COMPLETE,
        .output_groups = print(attempt, groups),
        .event = print(attempt, event),
    };
    return 0;
}

static int hear_error(struct attempt *attempt, const cJSON *said, struct error *err)
{
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "message"));
    double code = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(said, "code"));
    if (!message || !(code >= 1000 && code <= 9999))
        return error_set(err, ERROR_UNKNOWN, "an error is incomplete");
    CLEANUP(text_release) struct text text = {0};
    text_add(&text, "%s", message);
    execution_add_limit(attempt->execution, message, strlen(message), &text);
    attempt->outcome = OUTCOME_ERROR;
    attempt->left = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "left"));
    end_with(attempt, text.data);
    attempt->end.error_code = (int)code;
    return 0;
}

static int hear_canceled(struct attempt *attempt, const cJSON *said, struct error *err)
{
    (void)err;
    attempt->outcome = OUTCOME_CANCELED;
    attempt->left = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "left"));
    end_with(attempt, "the worker was told to stop, not by this server");
    return 0;
}

static bool is_utf8(const char *s, size_t size)
{
    for (int length; size; s += length, size -= (size_t)length)
        if (!(length = json_utf8_length(s, size)))
            return false;
    return true;
}

static int hear(struct attempt *attempt, const char *line, size_t size, struct error *err)
{
    static const struct {
        const char *type;
        int (*hear)(struct attempt *attempt, const cJSON *said, struct error *err);
    } types[] = {
        {"input", hear_input},     {"progress", hear_progress}, {"retries", hear_retries},
        {"message", hear_message}, {"objects", hear_objects},   {"complete", hear_complete},
        {"error", hear_error},     {"canceled", hear_canceled},
    };
    const char *end = NULL;
    cJSON *said =
        is_utf8(line, size) ? cJSON_ParseWithLengthOpts(line, size + 1, &end, true) : NULL;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "type"));
    int r = -2;
    for (size_t i = 0; type && i < COUNT(types); i++)
        if (!strcmp(type, types[i].type))
            r = types[i].hear(attempt, said, err);
    if (r == -2)
        r = error_set(err, ERROR_UNKNOWN, "'%.100s' is nothing that a worker says", line);
    cJSON_Delete(said);
    return r;
}

static void kill_by(struct attempt *attempt, int64_t at_us)
{
    if (at_us < attempt->kill_us)
        attempt->kill_us = at_us;
}

static void blame(struct attempt *attempt, const char *what)
{
    CLEANUP(text_release) struct text text = {0};
    text_add(&text, "the worker was stopped: ");
    text_add_printable(&text, what, strlen(what));
    attempt->fault = arena_strdup(attempt->arena, text.data);
    kill_by(attempt, 0);
}

/* After its last word, and after a wrong one, nothing counts. While objects cannot be put on record
 * its next words wait. */
static void listen(struct attempt *attempt)
{
    size_t size;
    char *line, why[1024];
    struct error err;
    if (attempt->unrecorded && !attempt->fault && record_objects(attempt, &err) < 0)
        blame(attempt, error_text(&err, why, sizeof(why)));
    while (attempt->outcome == OUTCOME_NONE && !attempt->fault && !attempt->unrecorded &&
           (line = execution_line(attempt->execution, &size))) {
        if (hear(attempt, line, size, &err) < 0)
            blame(attempt, error_text(&err, why, sizeof(why)));
    }
    if (!attempt->fault && execution_babbles(attempt->execution))
        blame(attempt, "it said a line without end");
    if (attempt->outcome != OUTCOME_NONE || execution_is_silent(attempt->execution))
        kill_by(attempt, clock_monotonic_us() + LINGER_US);
}

/* Now and then, however often the worker says it; that status/ misses it does not matter. */
static void tell_progress(struct attempt *attempt)
{
    struct error ignored;
    int64_t now_us = clock_monotonic_us();
    if (attempt->progress_told || now_us < attempt->progress_us + PROGRESS_US)
        return;
    (void)!status_job_progress(attempt->options->status, attempt->id, attempt->number,
                               &attempt->progress, &ignored);
    attempt->progress_told = true;
    attempt->progress_us = now_us;
}

/* --- what others want --- */

static void terminate(struct attempt *attempt, enum wish wish)
{
    attempt->wish = wish;
    if (attempt->execution)
        execution_signal(attempt->execution, SIGTERM);
    kill_by(attempt, clock_monotonic_us() + TERM_US);
}

void attempt_stop(struct attempt *attempt)
{
    if (attempt->wish == WISH_NONE)
        terminate(attempt, WISH_STOP);
}

static void look_for_wishes(struct attempt *attempt)
{
    if (attempt->wish == WISH_NONE && attempt->outcome == OUTCOME_NONE && !attempt->fault &&
        status_job_cancel_requested(attempt->options->status, attempt->id))
        terminate(attempt, WISH_CANCEL);
    if (clock_monotonic_us() >= attempt->kill_us)
        execution_signal(attempt->execution, SIGKILL);
}

/* --- what it leaves --- */

static bool remove_objects(struct attempt *attempt)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct attempt_options *options = attempt->options;
    struct stray_objects *lost;
    struct error err;
    if (status_lost_objects(options->status, attempt->id, attempt->number, arena, &lost, &err) <
        0) {
        complain(options->log, attempt->id, "cannot tell which objects it has left", &err);
        return false;
    }
    if (!lost)
        return false; // none, or somebody else's, too
    if (stray_objects_remove(options->status, options->storage, lost, NULL, &err) < 0) {
        complain(options->log, attempt->id, "not all objects of its dead worker are removed", &err);
        return false;
    }
    return true;
}

/* In a thread of its own: a store may be far away. The attempt is not touched meanwhile. */
static void *clean(void *arg)
{
    struct attempt *attempt = arg;
    const struct attempt_options *options = attempt->options;
    storage_sweep(options->storage);
    attempt->left = !remove_objects(attempt);
    uint64_t one = 1;
    atomic_store(&attempt->cleaned, true);
    (void)!write(options->wake_fd, &one, sizeof(one));
    return NULL;
}

/* Whether nothing of it is left, or nothing can be done about that now. */
static bool is_clean(struct attempt *attempt)
{
    if (attempt->outcome != OUTCOME_NONE)
        return true; // the worker has seen to it
    if (!attempt->cleaning) {
        attempt->cleaning = true;
        if (pthread_create(&attempt->cleaner, NULL, clean, attempt)) {
            attempt->cleaner = 0;
            clean(attempt);
        }
    }
    return atomic_load(&attempt->cleaned);
}

/* --- its end --- */

static void decide_end(struct attempt *attempt)
{
    CLEANUP(text_release) struct text how = {0};
    if (attempt->outcome == OUTCOME_NONE) {
        if (!attempt->fault)
            execution_how(attempt->execution, &how);
        attempt->crashed = attempt->wish == WISH_NONE;
        end_with(attempt, attempt->fault ? attempt->fault : how.data);
    }
    bool was_stopped = attempt->outcome != OUTCOME_COMPLETE && attempt->outcome != OUTCOME_ERROR;
    if (attempt->wish == WISH_CANCEL && was_stopped)
        attempt->end = (struct job_end){.status = JOB_CANCELED};
    if (attempt->wish == WISH_STOP && was_stopped)
        attempt->end = (struct job_end){.status = JOB_SUBMITTED};
}

/* Objects that may be left stay on record. */
static int tell_end(struct attempt *attempt, struct error *err)
{
    struct status *status = attempt->options->status;
    bool gone = attempt->outcome != OUTCOME_NONE && !attempt->left;
    if (attempt->end.status != JOB_COMPLETE && gone &&
        status_job_objects_gone(status, attempt->id, attempt->number, err) < 0)
        return -1;
    if (attempt->end.status == JOB_SUBMITTED)
        return status_job_requeue(status, attempt->id, attempt->number, err);
    return status_job_end(status, attempt->id, attempt->number, &attempt->end, err);
}

/* What status/ cannot take now, because its disk is full perhaps, it is told again. */
static bool is_told(struct attempt *attempt)
{
    struct error err;
    int64_t now_us = clock_monotonic_us();
    if (attempt->told_us && now_us < attempt->told_us + AGAIN_US)
        return false;
    if (!attempt->told_us)
        decide_end(attempt);
    if (tell_end(attempt, &err) == 0) {
        log_end(attempt);
        return true;
    }
    if (!attempt->told_us || err.kind == ERROR_CONFLICT || err.kind == ERROR_NOT_FOUND)
        complain(attempt->options->log, attempt->id, "its end could not be recorded", &err);
    attempt->told_us = now_us;
    return err.kind == ERROR_CONFLICT || err.kind == ERROR_NOT_FOUND;
}

bool attempt_turn(struct attempt *attempt)
{
    if (attempt->execution && !execution_ended(attempt->execution)) {
        execution_move(attempt->execution);
        listen(attempt);
        tell_progress(attempt);
        look_for_wishes(attempt);
        if (!execution_ended(attempt->execution))
            return false;
    }
    return is_clean(attempt) && is_told(attempt);
}

bool attempt_has_crashed(const struct attempt *attempt)
{
    return attempt->crashed;
}

bool attempt_has_left_objects(const struct attempt *attempt)
{
    return attempt->left;
}

int64_t attempt_frames(const struct attempt *attempt)
{
    return attempt->progress.frames;
}

int64_t attempt_busy_us(const struct attempt *attempt)
{
    return clock_monotonic_us() - attempt->began_us;
}

int64_t attempt_retries(const struct attempt *attempt)
{
    return attempt->retries;
}

void attempt_free(struct attempt **attempt)
{
    struct attempt *a = *attempt;
    if (!a)
        return;
    if (a->cleaning && a->cleaner)
        pthread_join(a->cleaner, NULL);
    execution_free(&a->execution);
    free(a->unrecorded);
    arena_free(&a->arena);
    free(a);
    *attempt = NULL;
}
