/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `batch`: a whole batch job without a server. It starts what `serve` starts, on a free port of
 * this machine for functions to call, makes the batch job, and looks at it until it and the
 * transcodes that it has started have ended.
 *
 * What the batch job is stands in --data, under a token that the manifest and the options make: the
 * same command again goes on where it was interrupted, or says that it is done. Other batch jobs of
 * --data are left as they are.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "batch/report.h"
#include "cli/batch_show.h"
#include "cli/command.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "s3/digest.h"
#include "status/jobs.h"

enum { SHOWN_MAX = 10, TIMEOUT_DEFAULT_S = 120, MEMORY_MIB = 512 };

static const char *const scopes[] = {"all", "failed", NULL};

struct arguments {
    struct house_arguments house;
    const char *handler, *report, *fields, *etag;
    const char *function_handler, *runtime;
    struct option_list env;
    int timeout_s, scope, progress, log_level;
    bool again, json;
};

static const struct option options[] = {
    {"handler", 0, "NAME", "builtin, FILE.zip, a URL, a function of --data; noop", OPTION_TEXT,
     offsetof(struct arguments, handler)},
    {"report", 'r', "s3://BUCKET/PREFIX", "where the completion report goes (none)", OPTION_TEXT,
     offsetof(struct arguments, report)},
    {"report-scope", 0, NULL, "the tasks in it (all)", OPTION_CHOICE,
     offsetof(struct arguments, scope), scopes},
    {"fields", 0, "NAME,...", "columns of a CSV: Bucket, Key, VersionId, Ignore (Bucket,Key)",
     OPTION_TEXT, offsetof(struct arguments, fields)},
    {"etag", 0, "ETAG", "that the manifest must have (any)", OPTION_TEXT,
     offsetof(struct arguments, etag)},
    {"function-handler", 0, "MODULE.NAME", "in FILE.zip (FILE.handler)", OPTION_TEXT,
     offsetof(struct arguments, function_handler)},
    {"runtime", 0, "NAME", "of FILE.zip (python3.11)", OPTION_TEXT,
     offsetof(struct arguments, runtime)},
    {"env", 'e', "NAME=VALUE", "an environment variable of it; may be repeated", OPTION_LIST,
     offsetof(struct arguments, env)},
    {"timeout", 0, "SECONDS", "of an invocation of it (120)", OPTION_NUMBER,
     offsetof(struct arguments, timeout_s), NULL, 1, FUNCTION_TIMEOUT_MAX_S},
    {"again", 0, NULL, "also if it is done already", OPTION_FLAG,
     offsetof(struct arguments, again)},
    HOUSE_OPTIONS(struct arguments, house),
    {"progress", 'p', NULL, "how it is going, on stderr", OPTION_CHOICE,
     offsetof(struct arguments, progress), batch_styles},
    {"log-level", 0, NULL, "what stderr is told besides", OPTION_CHOICE,
     offsetof(struct arguments, log_level), log_level_names},
    {"json", 0, NULL, "print JSON, for a program", OPTION_FLAG, offsetof(struct arguments, json)},
    {0},
};

struct command_state {
    const struct arguments *arguments;
    struct arena *arena;
    struct interrupt *interrupt;
    struct house *house;
    const char *uri; /* of the manifest */
    struct batch_request request;
    const char *fingerprint; /* of everything that makes it this batch job, 40 digits */
    const char *id;
    bool other_code; /* the function of that name had other code before */
};

static void state_release(struct command_state *state)
{
    house_close(&state->house);
    arena_free(&state->arena);
}

/* --- what makes a batch job this one --- */

static void add_word(struct text *sum, const char *word)
{
    text_append(sum, word ? word : "", word ? strlen(word) + 1 : 1);
}

static void add_bytes(struct text *sum, const char *bytes, size_t size)
{
    char hex[SHA256_HEX_SIZE];
    const struct piece body[HTTP_PIECES] = {{bytes, size}};
    digest_sha256(body, hex);
    add_word(sum, hex);
}

/* --- what is asked for --- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

/* "s3://B/K" as it is; a path as file:///…. */
static int read_manifest(struct command_state *state, const char *operand, struct error *err)
{
    struct batch_request *request = &state->request;
    char path[PATH_MAX];
    if (strncmp(operand, "s3://", 5) == 0) {
        if (!strchr(operand + 5, '/') || operand[5] == '/' || ends_with(operand, "/"))
            return error_set(err, ERROR_BAD_REQUEST, "'%s' is not of the form s3://BUCKET/KEY",
                             operand);
        request->manifest = arena_printf(state->arena, "arn:aws:s3:::%s", operand + 5);
        state->uri = operand;
    } else {
        if (!realpath(operand, path))
            return error_set(err, ERROR_BAD_REQUEST, "cannot open '%s': %s", operand,
                             strerror(errno));
        request->manifest = state->uri = arena_printf(state->arena, "file://%s", path);
    }
    request->manifest_format =
        ends_with(operand, ".json") ? BATCH_MANIFEST_INVENTORY : BATCH_MANIFEST_CSV;
    request->manifest_etag = state->arguments->etag;
    return 0;
}

static int read_fields(struct command_state *state, struct error *err)
{
    struct batch_request *request = &state->request;
    const char *given = state->arguments->fields;
    if (request->manifest_format == BATCH_MANIFEST_INVENTORY) {
        if (given)
            return error_set(err, ERROR_BAD_REQUEST,
                             "an inventory says itself what its columns are: no --fields");
        return 0;
    }
    char *rest = arena_strdup(state->arena, given ? given : "Bucket,Key");
    for (char *field; (field = strsep(&rest, ","));) {
        field += strspn(field, " ");
        field[strcspn(field, " ")] = '\0';
        if (request->fields_count == BATCH_FIELDS_MAX)
            return error_set(err, ERROR_BAD_REQUEST, "--fields names more than %d columns",
                             BATCH_FIELDS_MAX);
        request->fields[request->fields_count++] = field;
    }
    return 0;
}

static int read_report(struct command_state *state, struct error *err)
{
    struct batch_request *request = &state->request;
    const char *place = state->arguments->report;
    if (!place && state->arguments->scope)
        return error_set(err, ERROR_BAD_REQUEST, "--report-scope needs a --report");
    if (!place)
        return 0;
    size_t length = strncmp(place, "s3://", 5) == 0 ? strcspn(place + 5, "/") : 0;
    if (!length)
        return error_set(err, ERROR_BAD_REQUEST, "--report takes s3://BUCKET/PREFIX, not '%s'",
                         place);
    const char *prefix = place + 5 + length;
    request->report = true;
    request->report_bucket =
        arena_printf(state->arena, "arn:aws:s3:::%.*s", (int)length, place + 5);
    request->report_prefix = *prefix && prefix[1] ? prefix + 1 : NULL;
    request->report_scope =
        state->arguments->scope ? BATCH_REPORT_FAILED_TASKS_ONLY : BATCH_REPORT_ALL_TASKS;
    return 0;
}

/* --- a function of a zip --- */

/* "clips/convert.zip" as "convert". */
static const char *name_of_zip(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name) - strlen(".zip");
    char *out = arena_strndup(arena, name, length < FUNCTION_NAME_MAX ? length : FUNCTION_NAME_MAX);
    for (char *c = out; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *c))
            *c = '-';
    return out;
}

static int make_environment(struct command_state *state, const char **ret, struct error *err)
{
    const struct option_list *list = &state->arguments->env;
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; i < list->count; i++) {
        const char *value = strchr(list->items[i], '=');
        if (!value || value == list->items[i]) {
            cJSON_Delete(object);
            return error_set(err, ERROR_BAD_REQUEST, "--env takes NAME=VALUE, not '%s'",
                             list->items[i]);
        }
        const char *name =
            arena_strndup(state->arena, list->items[i], (size_t)(value - list->items[i]));
        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
        cJSON_AddStringToObject(object, name, value + 1);
    }
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    *ret = arena_strdup(state->arena, text ? text : "{}");
    cJSON_free(text);
    return 0;
}

/* Makes the function, or brings it up to date. */
static int put_function(struct command_state *state, const struct function_record *wanted,
                        const char *zip, size_t size, struct error *err)
{
    struct functions *functions = house_functions(state->house);
    struct function_record *record;
    struct error none;
    if (status_function_get(house_status(state->house), wanted->name, state->arena, &record,
                            &none) < 0)
        return functions_create(functions, wanted, zip, size, state->arena, &record, err);
    const char *code_before = record->code_sha256;
    struct function_record changed = *record;
    changed.runtime = wanted->runtime;
    changed.handler = wanted->handler;
    changed.environment = wanted->environment;
    changed.timeout_s = wanted->timeout_s;
    changed.memory_mib = wanted->memory_mib;
    changed.revision = NULL;
    if (functions_update_code(functions, wanted->name, NULL, zip, size, false, state->arena,
                              &record, err) < 0)
        return -1;
    state->other_code = strcmp(code_before, record->code_sha256) != 0;
    changed.code_sha256 = record->code_sha256;
    changed.code_size = record->code_size;
    return functions_update(functions, &changed, state->arena, &record, err);
}

static int read_zip(struct command_state *state, struct text *sum, struct error *err)
{
    const struct arguments *arguments = state->arguments;
    const char *zip, *name = name_of_zip(state->arena, arguments->handler);
    size_t size;
    struct function_record wanted = {
        .name = name,
        .runtime = arguments->runtime ? arguments->runtime : "python3.11",
        .handler = arguments->function_handler ? arguments->function_handler
                                               : arena_printf(state->arena, "%s.handler", name),
        .timeout_s = arguments->timeout_s ? arguments->timeout_s : TIMEOUT_DEFAULT_S,
        .memory_mib = MEMORY_MIB,
        .reserved = FUNCTION_NO_LIMIT,
    };
    if (house_read_file(state->arena, arguments->handler, FUNCTION_ZIP_MAX, &zip, &size, err) < 0 ||
        make_environment(state, &wanted.environment, err) < 0)
        return -1;
    add_bytes(sum, zip, size);
    add_word(sum, wanted.environment);
    add_word(sum, wanted.handler);
    add_word(sum, wanted.runtime);
    add_word(sum, arena_printf(state->arena, "%d", wanted.timeout_s));
    state->request.function = name;
    return put_function(state, &wanted, zip, size, err);
}

/* What can be said before anything is opened. */
static int check_handler(const struct arguments *arguments, struct error *err)
{
    if (!arguments->handler)
        return error_set(err, ERROR_BAD_REQUEST,
                         "give --handler: builtin, FILE.zip, http://…, or a function's name");
    const char *of_zip = arguments->function_handler ? "--function-handler"
                         : arguments->runtime        ? "--runtime"
                         : arguments->env.count      ? "--env"
                         : arguments->timeout_s      ? "--timeout"
                                                     : NULL;
    if (of_zip && !ends_with(arguments->handler, ".zip"))
        return error_set(err, ERROR_BAD_REQUEST,
                         "%s is for a FILE.zip, which --handler '%s' is not", of_zip,
                         arguments->handler);
    if (strcmp(arguments->handler, "builtin") == 0 && !arguments->house.job)
        return error_set(err, ERROR_BAD_REQUEST,
                         "--handler builtin needs --job FILE, which it makes of each object");
    return 0;
}

/* The URL that --http-function gives to a name; NULL: none. */
static const char *find_url(const struct arguments *arguments, const char *name)
{
    const struct option_list *list = &arguments->house.http_functions;
    size_t length = strlen(name);
    for (int i = 0; i < list->count; i++)
        if (strncmp(list->items[i], name, length) == 0 && list->items[i][length] == '=')
            return list->items[i] + length + 1;
    return NULL;
}

static int read_handler(struct command_state *state, struct text *sum, struct error *err)
{
    const char *handler = state->arguments->handler;
    struct function_record *record;
    if (ends_with(handler, ".zip"))
        return read_zip(state, sum, err);
    state->request.function = handler;
    if (strcmp(handler, "builtin") == 0 || strcmp(handler, "noop") == 0 ||
        strncmp(handler, "http://", 7) == 0 || strncmp(handler, "https://", 8) == 0)
        return 0;
    struct error none;
    const char *url = find_url(state->arguments, handler);
    if (url && status_function_get(house_status(state->house), handler, state->arena, &record,
                                   &none) < 0) {
        add_word(sum, url);
        return 0;
    }
    return status_function_get(house_status(state->house), handler, state->arena, &record, err);
}

/* --- which batch job it is --- */

/* Another manifest under the same name is another batch job: the one that is there now is meant. */
static int read_etag(struct command_state *state, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    const char *etag;
    if (storage_open(house_storage(state->house), state->uri, &state->interrupt->cancel, &reader,
                     err) < 0 ||
        object_etag(reader, &etag, err) < 0)
        return error_add(err, "manifest");
    if (!state->request.manifest_etag && *etag)
        state->request.manifest_etag = arena_strdup(state->arena, etag);
    return 0;
}

static int make_fingerprint(struct command_state *state, struct text *sum, struct error *err)
{
    const struct house_arguments *house = &state->arguments->house;
    const struct batch_request *request = &state->request;
    const char *const words[] = {
        state->uri,
        request->manifest_etag,
        request->function,
        request->report_bucket,
        request->report_prefix,
        house->output_bucket,
        house->role,
        house->application,
        scopes[state->arguments->scope],
    };
    for (size_t i = 0; i < COUNT(words); i++)
        add_word(sum, words[i]);
    for (int i = 0; i < request->fields_count; i++)
        add_word(sum, request->fields[i]);
    if (house->job) {
        const char *job;
        size_t size;
        if (house_read_file(state->arena, house->job, 16 << 20, &job, &size, err) < 0)
            return -1;
        add_bytes(sum, job, size);
    }
    char hex[SHA256_HEX_SIZE];
    const struct piece body[HTTP_PIECES] = {{sum->data, sum->size}};
    digest_sha256(body, hex);
    state->fingerprint = arena_strndup(state->arena, hex, 40);
    return 0;
}

/* What has failed before any task is tried again; what tasks have done is done twice only where
 * somebody says so. */
static bool wants_another(const struct command_state *state, const struct batch_record *record)
{
    if (!batch_status_is_final(record->status))
        return false;
    return state->arguments->again ||
           (record->status != BATCH_COMPLETE && record->succeeded + record->failed == 0);
}

/* The newest batch job that this command has made before, or a new one. */
static int find_batch(struct command_state *state, struct batch_record **ret, struct error *err)
{
    struct status *status = house_status(state->house);
    struct batch_record *newest = NULL, *record;
    for (int number = 1;; number++) {
        state->request.token = arena_printf(state->arena, "cli-%s-%d", state->fingerprint, number);
        if (status_batch_find(status, state->request.token, state->arena, &record, err) < 0)
            return -1;
        if (!record)
            break;
        newest = record;
    }
    if ((!newest || wants_another(state, newest)) &&
        status_batch_create(status, &state->request, state->arena, &newest, err) < 0)
        return -1;
    state->id = newest->id;
    *ret = newest;
    return 0;
}

static int make_batch(struct command_state *state, struct batch_record **ret, struct error *err)
{
    CLEANUP(text_release) struct text sum = {0};
    state->request.schema = "1.0";
    state->request.role_arn = "";
    if (read_etag(state, err) < 0 || read_handler(state, &sum, err) < 0 ||
        make_fingerprint(state, &sum, err) < 0)
        return -1;
    if (strcmp(state->request.function, "builtin") == 0)
        state->request.builtin = *house_builtin(state->house);
    return find_batch(state, ret, err);
}

/* --- looking at it --- */

static int look(struct command_state *state, struct batch_progress *ret, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct batch_record *record;
    int64_t jobs[JOB_STATUSES];
    if (status_batch_get(house_status(state->house), state->id, arena, &record, err) < 0 ||
        status_batch_jobs(house_status(state->house), state->id, jobs, err) < 0)
        return -1;
    ret->status = record->status;
    ret->total = record->total;
    ret->succeeded = record->succeeded;
    ret->failed = record->failed;
    ret->jobs_failed = jobs[JOB_ERROR] + jobs[JOB_CANCELED];
    ret->jobs_ended = jobs[JOB_COMPLETE] + ret->jobs_failed;
    ret->jobs = ret->jobs_ended + jobs[JOB_SUBMITTED] + jobs[JOB_PROGRESSING];
    return 0;
}

/* Until the tasks and the transcodes that they have started have ended, or somebody has enough. */
static int watch(struct command_state *state, struct batch_progress *progress, struct error *err)
{
    enum { LOOK_US = 200000, SHARE = 10 /* of the time goes into looking, at most */ };
    struct batch_show show;
    struct cancel *cancel = &state->interrupt->cancel;
    int64_t began = clock_monotonic_us();
    batch_show_init(&show, (enum batch_style)state->arguments->progress);
    int r;
    for (int64_t looked = began; (r = look(state, progress, err)) == 0;
         looked = clock_monotonic_us()) {
        int64_t took_us = clock_monotonic_us() - looked;
        progress->elapsed_us = clock_monotonic_us() - began;
        batch_show(&show, progress);
        bool unread = show.style != BATCH_SHOW_NONE && ferror(stderr);
        if (unread || cancel_requested(cancel) ||
            (batch_status_is_final(progress->status) && progress->jobs_ended == progress->jobs))
            break;
        house_keep(state->house);
        usleep((useconds_t)(took_us * SHARE > LOOK_US ? took_us * SHARE : LOOK_US));
    }
    batch_show_clear(&show);
    return r;
}

/* --- what came of it --- */

static bool is_over(const struct batch_progress *progress)
{
    return batch_status_is_final(progress->status) && progress->jobs_ended == progress->jobs;
}

static void print_failures(struct command_state *state, const struct batch_record *record,
                           const struct batch_progress *progress)
{
    const char **lines;
    int count;
    struct error err;
    for (int i = 0; i < record->failures_count; i++)
        print_message("error", arena_printf(state->arena, "%s: %s", record->failures[i].code,
                                            record->failures[i].reason));
    if (!progress->jobs_failed ||
        status_batch_jobs_failed(house_status(state->house), state->id, SHOWN_MAX, state->arena,
                                 &lines, &count, &err) < 0)
        return;
    for (int i = 0; i < count; i++)
        print_message("error", lines[i]);
}

static void print_result_json(struct command_state *state, const struct batch_record *record,
                              const struct batch_progress *progress)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "jobId", record->id);
    cJSON_AddStringToObject(object, "status", batch_status_names[record->status]);
    cJSON *tasks = cJSON_AddObjectToObject(object, "progressSummary");
    cJSON_AddNumberToObject(tasks, "totalNumberOfTasks", (double)record->total);
    cJSON_AddNumberToObject(tasks, "numberOfTasksSucceeded", (double)record->succeeded);
    cJSON_AddNumberToObject(tasks, "numberOfTasksFailed", (double)record->failed);
    cJSON *jobs = cJSON_AddObjectToObject(object, "transcodes");
    cJSON_AddNumberToObject(jobs, "total", (double)progress->jobs);
    cJSON_AddNumberToObject(jobs, "ended", (double)progress->jobs_ended);
    cJSON_AddNumberToObject(jobs, "failed", (double)progress->jobs_failed);
    cJSON *failures = cJSON_AddArrayToObject(object, "failureReasons");
    for (int i = 0; i < record->failures_count; i++) {
        cJSON *failure = cJSON_CreateObject();
        cJSON_AddStringToObject(failure, "failureCode", record->failures[i].code);
        cJSON_AddStringToObject(failure, "failureReason", record->failures[i].reason);
        cJSON_AddItemToArray(failures, failure);
    }
    const char *report = report_uri(state->arena, record);
    if (report)
        cJSON_AddStringToObject(object, "report", report);
    print_json(object);
}

static void print_result(struct command_state *state, const struct batch_record *record,
                         const struct batch_progress *progress)
{
    if (state->arguments->json) {
        print_result_json(state, record, progress);
        return;
    }
    printf("batch job %s: %s\n", record->id, batch_status_names[record->status]);
    if (record->total)
        printf("%" PRId64 " of %" PRId64 " tasks succeeded, %" PRId64 " failed\n",
               record->succeeded, record->total, record->failed);
    if (progress->jobs)
        printf("%" PRId64 " of %" PRId64 " transcodes ended, %" PRId64 " failed\n",
               progress->jobs_ended, progress->jobs, progress->jobs_failed);
    const char *report = report_uri(state->arena, record);
    if (report)
        printf("report: %s\n", report);
    if (!is_over(progress))
        printf("interrupted: the same command goes on\n");
}

static int finish(struct command_state *state, const struct batch_progress *progress,
                  struct error *err)
{
    struct batch_record *record;
    if (status_batch_get(house_status(state->house), state->id, state->arena, &record, err) < 0)
        return fail(err, state->arguments->json);
    print_failures(state, record, progress);
    print_result(state, record, progress);
    bool well = is_over(progress) && record->status == BATCH_COMPLETE && !record->failed &&
                !progress->jobs_failed;
    return well ? EXIT_DONE : EXIT_FAILED;
}

static int print_others(struct command_state *state, const struct batch_record *record,
                        struct error *err)
{
    struct batch_counts counts;
    if (status_batch_counts(house_status(state->house), &counts, err) < 0)
        return -1;
    int64_t others = -!batch_status_is_final(record->status);
    for (int i = 0; i < BATCH_STATUSES; i++)
        others += batch_status_is_final((enum batch_status)i) ? 0 : counts.batches[i];
    if (others > 0)
        print_message("info",
                      arena_printf(state->arena,
                                   "%" PRId64 " other batch job%s unfinished: `serve` goes on with "
                                   "all, or each one's own command%s",
                                   others, others == 1 ? " is" : "s are",
                                   state->other_code ? "; one that has the same function gets the "
                                                       "code of this command"
                                                     : ""));
    return 0;
}

/* What was there before this command. */
static int print_start(struct command_state *state, const struct batch_record *record,
                       struct error *err)
{
    struct batch_progress progress = {0};
    if (look(state, &progress, err) < 0)
        return -1;
    if (is_over(&progress))
        print_message("info", record->status == BATCH_COMPLETE
                                  ? "it is done already; --again does it once more"
                                  : "it has ended already, after some of its tasks; --again does "
                                    "them all once more");
    else if (batch_status_is_final(record->status))
        print_message("info", arena_printf(state->arena,
                                           "it goes on: %" PRId64 " of %" PRId64
                                           " transcodes have ended before",
                                           progress.jobs_ended, progress.jobs));
    else if (record->succeeded + record->failed > 0)
        print_message("info",
                      arena_printf(state->arena,
                                   "it goes on: %" PRId64 " of %" PRId64 " tasks have ended before",
                                   record->succeeded + record->failed, record->total));
    return print_others(state, record, err);
}

int batch_main(int argc, char **argv)
{
    struct arguments arguments = {.log_level = LOG_LEVEL_WARN};
    const char *operand;
    int status = options_read("batch", options, argc, argv, &arguments, &operand);
    if (status != OPTIONS_READ)
        return status;

    struct error err = {0};
    struct log log = {(enum log_level)arguments.log_level};
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN);
    struct house_options house_options = {
        .host = "127.0.0.1", .log = &log, .stopping = &interrupt.cancel, .one_batch = true};
    CLEANUP(state_release)
    struct command_state state = {
        .arguments = &arguments, .arena = arena_new(), .interrupt = &interrupt};
    struct batch_record *record;
    struct batch_progress progress = {0};
    if (check_handler(&arguments, &err) < 0 || read_manifest(&state, operand, &err) < 0 ||
        read_fields(&state, &err) < 0 || read_report(&state, &err) < 0 ||
        house_open(&state.house, &arguments.house, &house_options, &err) < 0 ||
        make_batch(&state, &record, &err) < 0 || print_start(&state, record, &err) < 0)
        return fail(&err, arguments.json);
    batches_choose(house_batches(state.house), state.id);
    if (watch(&state, &progress, &err) < 0)
        return fail(&err, arguments.json);
    return finish(&state, &progress, &err);
}
