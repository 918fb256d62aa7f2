/* SPDX-License-Identifier: Apache-2.0 */
#include "function/pool.h"

#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "function/code.h"

enum { LOOK_US = 1000000 };

static const int64_t idle_max_us = FUNCTION_IDLE_S * INT64_C(1000000);

/* --- versions --- */

static const char *copy(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text ? text : "");
}

static struct version *version_new(const struct function_record *record, const char *arn)
{
    struct arena *arena = arena_new();
    struct version *version = ARENA_NEW(arena, struct version);
    struct function_record *own = ARENA_NEW(arena, struct function_record);
    *own = *record;
    own->name = copy(arena, record->name);
    own->runtime = copy(arena, record->runtime);
    own->handler = copy(arena, record->handler);
    own->role = copy(arena, record->role);
    own->description = copy(arena, record->description);
    own->environment = copy(arena, record->environment);
    own->rest = own->tags = "";
    own->code_sha256 = copy(arena, record->code_sha256);
    own->revision = copy(arena, record->revision);
    *version =
        (struct version){.arena = arena, .record = own, .arn = copy(arena, arn), .current = true};
    return version;
}

static struct version *find_current(struct pool *pool, const char *name)
{
    for (struct version *version = pool->versions; version; version = version->next)
        if (version->current && strcmp(version->record->name, name) == 0)
            return version;
    return NULL;
}

/* What was current no longer is. */
static void retire(struct pool *pool, const char *name)
{
    struct version *version = find_current(pool, name);
    if (version)
        version->current = false;
    pthread_cond_signal(&pool->wake);
}

void pool_set(struct pool *pool, const struct function_record *record, const char *arn)
{
    struct version *version = version_new(record, arn);
    pthread_mutex_lock(&pool->lock);
    retire(pool, record->name);
    version->next = pool->versions;
    pool->versions = version;
    pthread_mutex_unlock(&pool->lock);
}

void pool_forget(struct pool *pool, const char *name)
{
    pthread_mutex_lock(&pool->lock);
    retire(pool, name);
    pthread_mutex_unlock(&pool->lock);
}

int pool_tidy(struct pool *pool, const char *name, struct error *err)
{
    char sha256[CODE_SHA256_SIZE] = "";
    bool in_use = false;
    pthread_mutex_lock(&pool->lock);
    for (struct version *version = pool->versions; version; version = version->next) {
        if (strcmp(version->record->name, name) != 0)
            continue;
        if (version->current)
            snprintf(sha256, sizeof(sha256), "%s", version->record->code_sha256);
        in_use = in_use || !version->current;
    }
    pthread_mutex_unlock(&pool->lock);
    if (in_use)
        return 0; // the last of them comes here again
    return code_remove_others(pool->place.folder, name, *sha256 ? sha256 : NULL, err);
}

/* --- slots --- */

/* Counts what a new invocation has to reckon with. */
static void count_slots(const struct pool *pool, const char *name, int *ret_busy, int *ret_of_name)
{
    *ret_busy = *ret_of_name = 0;
    for (const struct slot *slot = pool->slots; slot; slot = slot->next) {
        *ret_busy += slot->busy;
        *ret_of_name += slot->busy && strcmp(slot->version->record->name, name) == 0;
    }
}

/* Its version still has it: whoever calls ends the process, which reads the version's record, and
 * then counts it off. */
static void unlink_slot(struct pool *pool, struct slot *gone)
{
    struct slot **link = &pool->slots;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    gone->next = NULL;
    pool->slots_count--;
}

static void free_slot(struct slot **slot)
{
    if (!*slot)
        return;
    process_free(&(*slot)->process);
    free(*slot);
    *slot = NULL;
}

static struct slot *find_idle(const struct pool *pool, const struct version *version)
{
    for (struct slot *slot = pool->slots; slot; slot = slot->next)
        if (!slot->busy && slot->version == version)
            return slot;
    return NULL;
}

/* The idle one that was used longest ago. */
static struct slot *find_dispensable(const struct pool *pool)
{
    struct slot *last = NULL;
    for (struct slot *slot = pool->slots; slot; slot = slot->next)
        last = slot->busy ? last : slot;
    return last;
}

static struct slot *add_slot(struct pool *pool, struct version *version)
{
    struct slot *slot = calloc(1, sizeof(*slot));
    if (!slot)
        abort(); // as arenas do
    slot->version = version;
    slot->next = pool->slots;
    pool->slots = slot;
    pool->slots_count++;
    version->slots++;
    return slot;
}

/* `*evicted` is to be ended outside of the lock: see end_evicted(). */
static int take(struct pool *pool, const char *name, struct slot **ret, struct slot **evicted,
                struct error *err)
{
    struct version *version = find_current(pool, name);
    int busy, of_name;
    if (!version)
        return error_set(err, ERROR_NOT_FOUND, "there is no function '%s'", name);
    count_slots(pool, name, &busy, &of_name);
    if (version->record->reserved >= 0 && of_name >= version->record->reserved)
        return error_set(err, ERROR_THROTTLED,
                         "Rate Exceeded. The function '%s' has a reserved concurrency of %d", name,
                         version->record->reserved);
    if (busy >= pool->concurrent)
        return error_set(err, ERROR_THROTTLED,
                         "Rate Exceeded. %d invocations are under way, as many as may be",
                         pool->concurrent);
    struct slot *slot = find_idle(pool, version);
    if (!slot && pool->slots_count >= pool->concurrent) {
        *evicted = find_dispensable(pool);
        unlink_slot(pool, *evicted);
    }
    slot = slot ? slot : add_slot(pool, version);
    slot->busy = true;
    *ret = slot;
    return 0;
}

static void end_evicted(struct pool *pool, struct slot *evicted)
{
    process_free(&evicted->process);
    pthread_mutex_lock(&pool->lock);
    evicted->version->slots--;
    if (!evicted->version->current)
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    free_slot(&evicted);
}

int pool_take(struct pool *pool, const char *name, struct slot **ret, struct error *err)
{
    struct slot *evicted = NULL;
    pthread_mutex_lock(&pool->lock);
    int r = take(pool, name, ret, &evicted, err);
    pthread_mutex_unlock(&pool->lock);
    if (evicted)
        end_evicted(pool, evicted);
    return r;
}

void pool_give(struct pool *pool, struct slot *slot)
{
    CLEANUP(free_slot) struct slot *gone = NULL;
    if (slot->process && !process_is_alive(slot->process))
        process_free(&slot->process); // whoever gets the answer finds nothing of it running
    pthread_mutex_lock(&pool->lock);
    bool stays = slot->process && slot->version->current;
    if (!stays && slot->process) { // it counts until it has gone; nobody else takes a busy one
        pthread_mutex_unlock(&pool->lock);
        process_free(&slot->process);
        pthread_mutex_lock(&pool->lock);
    }
    unlink_slot(pool, slot);
    slot->busy = false;
    if (stays) {
        slot->idle_since_us = clock_monotonic_us();
        slot->next = pool->slots;
        pool->slots = slot;
        pool->slots_count++;
    } else {
        slot->version->slots--;
        gone = slot;
    }
    if (!stays && !slot->version->current)
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

void pool_count(struct pool *pool, int *ret_processes, int *ret_busy)
{
    int of_name;
    pthread_mutex_lock(&pool->lock);
    count_slots(pool, "", ret_busy, &of_name);
    *ret_processes = pool->slots_count;
    pthread_mutex_unlock(&pool->lock);
}

/* --- the keeper --- */

/* Takes out the idle slots whose processes are to end. */
static struct slot *collect_slots(struct pool *pool)
{
    struct slot *collected = NULL;
    int64_t now_us = clock_monotonic_us();
    for (struct slot *slot = pool->slots, *next; slot; slot = next) {
        next = slot->next;
        if (slot->busy)
            continue;
        int64_t idle_us = now_us - slot->idle_since_us;
        bool goes = pool->ending || !slot->version->current || idle_us > idle_max_us ||
                    (idle_us > LOOK_US && !process_is_alive(slot->process));
        if (!goes)
            continue;
        unlink_slot(pool, slot);
        slot->version->slots--; // the keeper ends it before it forgets the version
        slot->next = collected;
        collected = slot;
    }
    return collected;
}

static void free_slots(struct slot *slots)
{
    for (struct slot *slot = slots; slot; slot = slot->next)
        process_kill(slot->process);
    while (slots) {
        struct slot *slot = slots;
        slots = slot->next;
        free_slot(&slot);
    }
}

/* Takes out a version that is neither current nor in use. */
static struct version *collect_version(struct pool *pool)
{
    for (struct version **link = &pool->versions; *link; link = &(*link)->next)
        if (!(*link)->current && !(*link)->slots) {
            struct version *version = *link;
            *link = version->next;
            return version;
        }
    return NULL;
}

static void tell(const struct pool *pool, const char *name, const struct error *err)
{
    char why[1024];
    if (pool->log)
        log_line(pool->log, LOG_LEVEL_ERROR, "function", "name", name, "why",
                 error_text(err, why, sizeof(why)), NULL);
}

static void forget_version(struct pool *pool, struct version *version)
{
    struct error err;
    pthread_mutex_lock(&pool->changes);
    if (pool_tidy(pool, version->record->name, &err) < 0)
        tell(pool, version->record->name, &err);
    pthread_mutex_unlock(&pool->changes);
    arena_free(&(struct arena *){version->arena});
}

static void *keep(void *arg)
{
    struct pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        struct slot *slots = collect_slots(pool);
        struct version *version = collect_version(pool);
        if (slots || version) {
            pthread_mutex_unlock(&pool->lock);
            free_slots(slots);
            if (version)
                forget_version(pool, version);
            pthread_mutex_lock(&pool->lock);
            continue;
        }
        condition_wait(&pool->wake, &pool->lock, clock_monotonic_us() + LOOK_US);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int pool_start(struct pool *pool, struct error *err)
{
    condition_init(&pool->wake);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->changes, NULL);
    int r = pthread_create(&pool->keeper, NULL, keep, pool);
    pool->running = r == 0;
    return r ? error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r)) : 0;
}

void pool_end(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    if (pool->running)
        pthread_join(pool->keeper, NULL);
    free_slots(collect_slots(pool));
    while (pool->versions) {
        struct version *version = pool->versions;
        pool->versions = version->next;
        arena_free(&(struct arena *){version->arena});
    }
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->changes);
}
