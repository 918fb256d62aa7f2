/* SPDX-License-Identifier: Apache-2.0 */
#include "function/function.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "function/code.h"
#include "function/fault.h"
#include "function/journal.h"
#include "function/pool.h"
#include "function/runtime.h"

struct functions {
    struct arena *arena;
    struct status *status;
    struct logs *logs;
    struct status_owner owner;
    const char *folder;
    struct pool pool;
};

/* --- opening --- */

static int make_folder(struct functions *functions, const char *folder, struct error *err)
{
    enum { BELOW_MAX = 512 };
    char path[PATH_MAX];
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BUG, "cannot make '%s': %s", folder, strerror(errno));
    if (!realpath(folder, path))
        return error_set(err, ERROR_BUG, "cannot find '%s': %s", folder, strerror(errno));
    if (strlen(path) > PATH_MAX - BELOW_MAX)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the name of the folder for functions is too long");
    functions->folder = arena_strdup(functions->arena, path);
    return runtime_write_bootstraps(functions->folder, err);
}

static const char *const *copy_list(struct arena *arena, const char *const *list)
{
    int count = 0;
    while (list && list[count])
        count++;
    const char **own = ARENA_ARRAY(arena, const char *, count + 1);
    for (int i = 0; i < count; i++)
        own[i] = arena_strdup(arena, list[i]);
    return own;
}

static void set_version(struct functions *functions, const struct function_record *record)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    pool_set(&functions->pool, record, function_arn(&functions->owner, arena, record->name));
}

/* All records, and so that which code is in use. */
static int load(struct functions *functions, struct error *err)
{
    enum { PAGE = 100 };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct page page = {.max = PAGE};
    do {
        struct function_record **records;
        int count;
        if (status_function_list(functions->status, &page, arena, &records, &count, &page.token,
                                 err) < 0)
            return -1;
        for (int i = 0; i < count; i++)
            set_version(functions, records[i]);
    } while (page.token);
    return 0;
}

/* Removes what no record names: what a process that was killed has left. */
static int tidy(struct functions *functions, struct error *err)
{
    int r = 0;
    DIR *dir = opendir(functions->folder);
    if (!dir)
        return error_set(err, ERROR_BUG, "cannot read '%s': %s", functions->folder,
                         strerror(errno));
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
        if (function_name_valid(entry->d_name))
            r = pool_tidy(&functions->pool, entry->d_name, err);
    closedir(dir);
    return r;
}

int functions_new(struct functions **ret, const struct functions_options *options,
                  struct error *err)
{
    CLEANUP(functions_free) struct functions *functions = calloc(1, sizeof(*functions));
    if (!functions)
        return error_set(err, ERROR_BUG, "out of memory");
    struct arena *arena = functions->arena = arena_new();
    functions->status = options->status;
    functions->owner = (struct status_owner){arena_strdup(arena, options->owner.region),
                                             arena_strdup(arena, options->owner.account)};
    if (make_folder(functions, options->folder, err) < 0 ||
        logs_open(&functions->logs, options->logs_folder, err) < 0)
        return -1;
    functions->pool.place = (struct process_place){
        .folder = functions->folder,
        .owner = &functions->owner,
        .environment = copy_list(arena, options->environment),
        .logs = functions->logs,
    };
    functions->pool.concurrent =
        options->concurrent ? options->concurrent : FUNCTION_CONCURRENT_DEFAULT;
    functions->pool.log = options->log;
    if (pool_start(&functions->pool, err) < 0 || load(functions, err) < 0 ||
        tidy(functions, err) < 0)
        return -1;
    *ret = TAKE(functions);
    return 0;
}

void functions_free(struct functions **functions)
{
    if (!*functions)
        return;
    if ((*functions)->pool.running)
        pool_end(&(*functions)->pool);
    logs_free(&(*functions)->logs);
    arena_free(&(*functions)->arena);
    free(*functions);
    *functions = NULL;
}

void functions_stop(struct functions *functions)
{
    cancel_request(&functions->pool.stopping);
}

const struct status_owner *functions_owner(const struct functions *functions)
{
    return &functions->owner;
}

struct logs *functions_logs(struct functions *functions)
{
    return functions->logs;
}

void functions_count(struct functions *functions, int *ret_processes, int *ret_busy)
{
    pool_count(&functions->pool, ret_processes, ret_busy);
}

/* --- records and code --- */

/* After something went wrong: the code that was put goes again. What went wrong is told; that this
 * fails, too, is found at the next start. */
static void take_back(struct functions *functions, const char *name)
{
    struct error ignored;
    if (pool_tidy(&functions->pool, name, &ignored) < 0)
        return;
}

static int create(struct functions *functions, struct function_record *record, const void *zip,
                  size_t size, struct arena *arena, struct function_record **ret, struct error *err)
{
    char sha256[CODE_SHA256_SIZE];
    struct function_record *made;
    if (status_function_get(functions->status, record->name, arena, &made, err) == 0)
        return error_set(err, ERROR_CONFLICT, "there is a function '%s' already", record->name);
    if (err->kind != ERROR_NOT_FOUND ||
        code_put(functions->folder, record->name, zip, size, false, sha256, err) < 0)
        return -1;
    record->code_sha256 = sha256;
    record->code_size = (int64_t)size;
    if (status_function_create(functions->status, record, arena, &made, err) < 0) {
        take_back(functions, record->name);
        return -1;
    }
    set_version(functions, made);
    *ret = made;
    return 0;
}

int functions_create(struct functions *functions, const struct function_record *record,
                     const void *zip, size_t size, struct arena *arena,
                     struct function_record **ret, struct error *err)
{
    struct function_record own = *record;
    own.timeout_s = own.timeout_s ? own.timeout_s : FUNCTION_TIMEOUT_DEFAULT_S;
    own.memory_mib = own.memory_mib ? own.memory_mib : FUNCTION_MEMORY_DEFAULT_MIB;
    own.reserved = FUNCTION_NO_LIMIT;
    if (runtime_check(&own, err) < 0)
        return -1;
    pthread_mutex_lock(&functions->pool.changes);
    int r = create(functions, &own, zip, size, arena, ret, err);
    pthread_mutex_unlock(&functions->pool.changes);
    return r;
}

static int update_code(struct functions *functions, const char *name, const char *revision,
                       const void *zip, size_t size, bool dry_run, struct arena *arena,
                       struct function_record **ret, struct error *err)
{
    char sha256[CODE_SHA256_SIZE];
    struct function_record *now, changed;
    if (status_function_get(functions->status, name, arena, &now, err) < 0)
        return -1;
    if (revision && strcmp(revision, now->revision) != 0)
        return error_set(err, ERROR_CONFLICT,
                         "the function '%s' has been changed: its revision is '%s', not '%s'", name,
                         now->revision, revision);
    if (code_put(functions->folder, name, zip, size, dry_run, sha256, err) < 0)
        return -1;
    changed = *now;
    changed.code_sha256 = arena_strdup(arena, sha256);
    changed.code_size = (int64_t)size;
    if (dry_run) {
        *ret = ARENA_NEW(arena, struct function_record);
        **ret = changed;
        return 0;
    }
    if (status_function_update(functions->status, &changed, arena, &now, err) < 0) {
        take_back(functions, name);
        return -1;
    }
    set_version(functions, now);
    *ret = now;
    return 0;
}

int functions_update_code(struct functions *functions, const char *name, const char *revision,
                          const void *zip, size_t size, bool dry_run, struct arena *arena,
                          struct function_record **ret, struct error *err)
{
    pthread_mutex_lock(&functions->pool.changes);
    int r = update_code(functions, name, revision, zip, size, dry_run, arena, ret, err);
    pthread_mutex_unlock(&functions->pool.changes);
    return r;
}

static int update(struct functions *functions, const struct function_record *record,
                  struct arena *arena, struct function_record **ret, struct error *err)
{
    struct function_record *now, changed = *record, whole = *record;
    if (status_function_get(functions->status, record->name, arena, &now, err) < 0)
        return -1;
    changed.code_sha256 = NULL;
    changed.code_size = now->code_size;
    whole.runtime = whole.runtime ? whole.runtime : now->runtime;
    whole.handler = whole.handler ? whole.handler : now->handler;
    if (runtime_check(&whole, err) < 0 ||
        status_function_update(functions->status, &changed, arena, &now, err) < 0)
        return -1;
    set_version(functions, now);
    *ret = now;
    return 0;
}

int functions_update(struct functions *functions, const struct function_record *record,
                     struct arena *arena, struct function_record **ret, struct error *err)
{
    pthread_mutex_lock(&functions->pool.changes);
    int r = update(functions, record, arena, ret, err);
    pthread_mutex_unlock(&functions->pool.changes);
    return r;
}

/* Nobody changes it meanwhile, which would remove the zip. */
int functions_read_code(struct functions *functions, const char *name, struct arena *arena,
                        const void **ret_zip, size_t *ret_size, struct error *err)
{
    struct function_record *record;
    pthread_mutex_lock(&functions->pool.changes);
    int r = status_function_get(functions->status, name, arena, &record, err);
    if (r == 0)
        r = code_read(functions->folder, name, record->code_sha256, arena, ret_zip, ret_size, err);
    pthread_mutex_unlock(&functions->pool.changes);
    return r;
}

int functions_delete(struct functions *functions, const char *name, struct error *err)
{
    pthread_mutex_lock(&functions->pool.changes);
    int r = status_function_delete(functions->status, name, err);
    if (r == 0)
        pool_forget(&functions->pool, name);
    pthread_mutex_unlock(&functions->pool.changes);
    return r;
}

/* --- invocations --- */

/* There is nothing to execute. */
static struct invocation_result *fault_of_start(struct functions *functions, const char *name,
                                                const char *id, const struct error *why,
                                                struct arena *arena)
{
    char text[512];
    struct journal journal;
    struct fault fault = {
        "Runtime.InvalidEntrypoint",
        arena_printf(arena, "RequestId: %s Error: %s", id, error_text(why, text, sizeof(text)))};
    struct invocation_result *result = ARENA_NEW(arena, struct invocation_result);
    result->failed = true;
    result->payload = fault_json(&fault, arena, &result->size);
    journal_init(&journal, functions->logs, name);
    journal_begin(&journal, id);
    journal_say(&journal, "START RequestId: %s Version: $LATEST", id);
    journal_say(&journal, "%s\n%s", fault.message, fault.type);
    journal_say(&journal, "END RequestId: %s", id);
    const char *tail = journal_tail(&journal, &result->log_tail_size);
    result->log_tail = arena_strndup(arena, tail, result->log_tail_size);
    journal_release(&journal);
    return result;
}

/* In the slot's process, or in a new one where it has none or its own has ended while nobody
 * looked. */
static int run(struct functions *functions, struct slot *slot, const struct process_call *call,
               struct arena *arena, struct invocation_result **ret, struct error *err)
{
    const struct function_record *record = slot->version->record;
    int r = 1;
    if (slot->process)
        r = process_invoke(slot->process, call, arena, ret, err);
    if (r != 1)
        return r;
    process_free(&slot->process);
    if (process_start(&slot->process, record, &functions->pool.place, err) < 0) {
        if (err->kind != ERROR_BAD_REQUEST)
            return -1;
        *ret = fault_of_start(functions, record->name, call->id, err, arena);
        return 0;
    }
    return process_invoke(slot->process, call, arena, ret, err);
}

static void tell_log_error(const struct functions *functions, struct slot *slot)
{
    char why[1024];
    const struct error *err = slot->process ? process_log_error(slot->process) : NULL;
    if (err && functions->pool.log)
        log_line(functions->pool.log, LOG_LEVEL_ERROR, "function-log", "name",
                 slot->version->record->name, "why", error_text(err, why, sizeof(why)), NULL);
}

static int choose_id(const char *wanted, char ret[RANDOM_UUID_SIZE], struct error *err)
{
    if (!wanted) {
        random_uuid(ret);
        return 0;
    }
    if (strlen(wanted) != RANDOM_UUID_SIZE - 1 ||
        strspn(wanted, "0123456789abcdefABCDEF-") != RANDOM_UUID_SIZE - 1)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no request id", wanted);
    memcpy(ret, wanted, RANDOM_UUID_SIZE);
    return 0;
}

int functions_invoke(struct functions *functions, const struct invocation *invocation,
                     struct arena *arena, struct invocation_result **ret, struct error *err)
{
    char name[FUNCTION_NAME_MAX + 1], id[RANDOM_UUID_SIZE];
    struct slot *slot;
    if (cancel_requested(&functions->pool.stopping) || cancel_requested(invocation->cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    if (function_name_parse(invocation->function, invocation->qualifier, &functions->owner, name,
                            err) < 0)
        return -1;
    if (invocation->size > FUNCTION_PAYLOAD_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "the payload is longer than %d bytes",
                         FUNCTION_PAYLOAD_MAX);
    if (choose_id(invocation->request_id, id, err) < 0 ||
        pool_take(&functions->pool, name, &slot, err) < 0)
        return -1;
    struct process_call call = {
        .id = id,
        .arn = slot->version->arn,
        .payload = invocation->payload,
        .size = invocation->size,
        .client_context = invocation->client_context,
        .trace_id = invocation->trace_id,
        .cancel = invocation->cancel,
        .stopping = &functions->pool.stopping,
    };
    int r = run(functions, slot, &call, arena, ret, err);
    if (r == 0)
        memcpy((*ret)->request_id, id, sizeof(id));
    tell_log_error(functions, slot);
    pool_give(&functions->pool, slot);
    return r;
}
