/* SPDX-License-Identifier: Apache-2.0 */
#include "function/runtime_environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "function/limits.h"
#include "function/logs.h"

/* Lambda's; a function cannot have its own of these names. */
static const char *const reserved[] = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
};

/* A letter, then at least one more letter, digit or underscore. */
static bool is_name(const char *name)
{
    if (!isalpha((unsigned char)name[0]) || !name[1])
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return false;
    return true;
}

static int check_variable(const struct json *variable, struct error *err)
{
    if (variable->type != JSON_STRING)
        return error_set(err, ERROR_BAD_REQUEST, "the environment variable '%.64s' is no string",
                         variable->key);
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (strcmp(variable->key, reserved[i]) == 0)
            return error_set(err, ERROR_BAD_REQUEST,
                             "Lambda was unable to configure your environment variables because "
                             "the environment variables you have provided contains reserved keys "
                             "that are currently not supported for modification. Reserved keys "
                             "used in this request: %s",
                             reserved[i]);
    if (!is_name(variable->key) || variable->repeated)
        return error_set(err, ERROR_BAD_REQUEST,
                         "an environment variable cannot be called '%.64s'%s", variable->key,
                         variable->repeated ? " twice" : "");
    return 0;
}

int runtime_environment_check(const char *environment, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *variables;
    size_t at, bytes = 0;
    if (!environment)
        return 0;
    if (json_parse(arena, environment, strlen(environment), &variables, &at, err) < 0)
        return error_add(err, "the environment");
    if (variables->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "the environment is no JSON object");
    for (struct json *variable = variables->child; variable; variable = variable->next) {
        if (check_variable(variable, err) < 0)
            return -1;
        bytes += strlen(variable->key) + strlen(variable->string);
    }
    if (bytes > FUNCTION_ENVIRONMENT_MAX)
        return error_set(err, ERROR_BAD_REQUEST,
                         "Lambda was unable to configure your environment variables because the "
                         "environment variables you have provided exceeded the 4KB limit");
    return 0;
}

/* --- making it --- */

struct variables {
    struct arena *arena;
    const char **all;
    int count, room;
};

static void set_text(struct variables *v, const char *text)
{
    size_t size = strcspn(text, "=") + 1;
    for (int i = 0; i < v->count; i++)
        if (strncmp(v->all[i], text, size) == 0) {
            v->all[i] = text;
            return;
        }
    if (v->count + 1 == v->room) {
        const char **larger = ARENA_ARRAY(v->arena, const char *, 2 * v->room);
        memcpy(larger, v->all, sizeof(*larger) * (size_t)v->count);
        v->all = larger;
        v->room *= 2;
    }
    v->all[v->count++] = text;
}

static void set(struct variables *v, const char *name, const char *value)
{
    if (value)
        set_text(v, arena_printf(v->arena, "%s=%s", name, value));
}

static void set_lambdas(struct variables *v, const struct function_record *function,
                        const struct runtime_place *place, const struct runtime_names *names)
{
    const char *path = getenv("PATH");
    set(v, "PATH", path ? path : "/usr/local/bin:/usr/bin:/bin");
    set(v, "HOME", names->home);
    set(v, "LANG", "en_US.UTF-8");
    set(v, "TZ", ":UTC");
    set(v, "_HANDLER", function->handler);
    set(v, "LAMBDA_TASK_ROOT", names->task_root);
    set(v, "LAMBDA_RUNTIME_DIR", names->python_path);
    set(v, "AWS_EXECUTION_ENV", names->execution_env);
    set(v, "AWS_REGION", place->owner->region);
    set(v, "AWS_DEFAULT_REGION", place->owner->region);
    set(v, "AWS_LAMBDA_FUNCTION_NAME", function->name);
    set(v, "AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set(v, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", arena_printf(v->arena, "%d", function->memory_mib));
    set(v, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set(v, "AWS_LAMBDA_LOG_GROUP_NAME",
        arena_printf(v->arena, LOGS_GROUP_PREFIX "%s", function->name));
    set(v, "AWS_LAMBDA_LOG_STREAM_NAME", place->log_stream);
    set(v, "AWS_LAMBDA_RUNTIME_API", place->api);
}

static void set_functions_own(struct variables *v, const char *environment)
{
    struct json *own;
    struct error err;
    size_t at;
    if (json_parse(v->arena, environment, strlen(environment), &own, &at, &err) < 0)
        return; // it was checked before it came on record
    for (struct json *variable = own->child; variable; variable = variable->next)
        set(v, variable->key, variable->string);
}

/* Its folder stands first, whatever the function says. */
static void add_python_path(struct variables *v, const char *folder)
{
    static const char name[] = "PYTHONPATH=";
    const char *own = "";
    for (int i = 0; i < v->count; i++)
        if (strncmp(v->all[i], name, strlen(name)) == 0)
            own = v->all[i] + strlen(name);
    set(v, "PYTHONPATH", arena_printf(v->arena, "%s%s%s", folder, *own ? ":" : "", own));
}

const char *const *runtime_environment(const struct function_record *function,
                                       const struct runtime_place *place,
                                       const struct runtime_names *names, struct arena *arena)
{
    struct variables v = {.arena = arena, .room = 32};
    v.all = ARENA_ARRAY(arena, const char *, v.room);
    set_lambdas(&v, function, place, names);
    for (const char *const *more = place->environment; more && *more; more++)
        set_text(&v, *more);
    set_functions_own(&v, function->environment);
    if (names->python_path)
        add_python_path(&v, names->python_path);
    return v.all;
}
