/* SPDX-License-Identifier: Apache-2.0 */
#include "function/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "function/code.h"
#include "function/limits.h"
#include "function/runtime_environment.h"

extern const unsigned char bootstrap_python[], bootstrap_node[], bootstrap_sitecustomize[];

#define BOOTSTRAPS ".bootstraps"
#define HOME       ".home"

static const struct bootstrap {
    const char *file;
    const unsigned char *text;
} bootstraps[] = {
    {"bootstrap.py", bootstrap_python},
    {"sitecustomize.py", bootstrap_sitecustomize},
    {"bootstrap.mjs", bootstrap_node},
};

/* --- the table --- */

enum kind { PYTHON, NODE, PROVIDED };

static const struct runtime {
    const char *name;
    enum kind kind;
    const char *programs[2]; /* the first that is there */
    const char *execution_env;
} runtimes[] = {
#define PYTHON_ROW(version)                                                                        \
    {                                                                                              \
        "python" version, PYTHON, {"python" version, "python3"}, "AWS_Lambda_python" version       \
    }
#define NODE_ROW(version)                                                                          \
    {                                                                                              \
        "nodejs" version, NODE, {"node", "nodejs"}, "AWS_Lambda_nodejs" version                    \
    }
    PYTHON_ROW("3.6"),
    PYTHON_ROW("3.7"),
    PYTHON_ROW("3.8"),
    PYTHON_ROW("3.9"),
    PYTHON_ROW("3.10"),
    PYTHON_ROW("3.11"),
    PYTHON_ROW("3.12"),
    PYTHON_ROW("3.13"),
    PYTHON_ROW("3.14"),
    NODE_ROW("12.x"),
    NODE_ROW("14.x"),
    NODE_ROW("16.x"),
    NODE_ROW("18.x"),
    NODE_ROW("20.x"),
    NODE_ROW("22.x"),
    NODE_ROW("24.x"),
    {"provided", PROVIDED, {NULL}, NULL},
    {"provided.al2", PROVIDED, {NULL}, NULL},
    {"provided.al2023", PROVIDED, {NULL}, NULL},
};

static const struct runtime *find_runtime(const char *name)
{
    for (size_t i = 0; i < COUNT(runtimes); i++)
        if (name && strcmp(runtimes[i].name, name) == 0)
            return &runtimes[i];
    return NULL;
}

static bool is_program(const char *path)
{
    struct stat st;
    return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Where a program is: among the system's; else, if it may be anywhere, in PATH. */
static const char *find_program(struct arena *arena, const char *name, bool anywhere)
{
    const char *path = getenv("PATH");
    path = arena_printf(arena, "/usr/bin:/usr/local/bin:%s", anywhere && path ? path : "/bin");
    while (*path) {
        size_t size = strcspn(path, ":");
        const char *file = arena_printf(arena, "%.*s/%s", (int)size, path, name);
        if (path[0] == '/' && is_program(file))
            return file;
        path += size + (path[size] == ':');
    }
    return NULL;
}

static const char *find_interpreter(struct arena *arena, const struct runtime *runtime)
{
    for (size_t i = 0; i < COUNT(runtime->programs); i++) {
        // what is called so in PATH may be a wrapper that then finds no such version
        bool anywhere = runtime->kind != PYTHON || i > 0;
        const char *found = find_program(arena, runtime->programs[i], anywhere);
        if (found)
            return found;
    }
    return NULL;
}

/* --- checks --- */

static int check_runtime(const struct function_record *function, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct runtime *runtime = find_runtime(function->runtime);
    if (!runtime)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the runtime '%.64s' is not supported here: python3.6 to python3.14, "
                         "nodejs12.x to nodejs24.x, provided, provided.al2 and provided.al2023 are",
                         function->runtime ? function->runtime : "");
    if (runtime->kind != PROVIDED && !find_interpreter(arena, runtime))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the runtime '%s' needs %s, which is not installed on this machine",
                         runtime->name, runtime->programs[1]);
    return 0;
}

static int check_text(const char *what, const char *text, size_t least, size_t most,
                      struct error *err)
{
    size_t size = text ? strnlen(text, most + 1) : 0;
    if (size < least || size > most)
        return error_set(err, ERROR_BAD_REQUEST, "the %s must have %zu to %zu characters", what,
                         least, most);
    return 0;
}

static int check_number(const char *what, int value, int least, int most, struct error *err)
{
    if (value < least || value > most)
        return error_set(err, ERROR_BAD_REQUEST, "the %s must be %d to %d, not %d", what, least,
                         most, value);
    return 0;
}

int runtime_check(const struct function_record *function, struct error *err)
{
    enum { HANDLER_MAX = 128, ROLE_MAX = 2048, DESCRIPTION_MAX = 256 };
    if (!function_name_valid(function->name))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a function's name has 1 to 64 letters, digits, hyphens and underscores");
    if (check_runtime(function, err) < 0 ||
        check_text("handler", function->handler, 1, HANDLER_MAX, err) < 0 ||
        check_text("role", function->role, 0, ROLE_MAX, err) < 0 ||
        check_text("description", function->description, 0, DESCRIPTION_MAX, err) < 0 ||
        check_number("time-out in seconds", function->timeout_s, 1, FUNCTION_TIMEOUT_MAX_S, err) <
            0 ||
        check_number("memory in MB", function->memory_mib, FUNCTION_MEMORY_DEFAULT_MIB,
                     FUNCTION_MEMORY_MAX_MIB, err) < 0 ||
        check_number("reserved concurrency", function->reserved, FUNCTION_NO_LIMIT, INT_MAX, err) <
            0)
        return -1;
    if (strpbrk(function->handler, " \t\r\n"))
        return error_set(err, ERROR_BAD_REQUEST, "the handler has a space");
    return runtime_environment_check(function->environment, err);
}

/* --- bootstraps --- */

static int make_folder(const char *path, struct error *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BUG, "cannot make '%s': %s", path, strerror(errno));
    return 0;
}

/* A process that starts at this moment must find a whole one. */
static int write_bootstrap(const char *folder, const struct bootstrap *bootstrap, struct error *err)
{
    char path[PATH_MAX + 32], fresh[PATH_MAX + 32];
    const char *text = (const char *)bootstrap->text;
    snprintf(path, sizeof(path), "%s/%s", folder, bootstrap->file);
    snprintf(fresh, sizeof(fresh), "%s/.new", folder);
    FILE *file = fopen(fresh, "we");
    bool written = file && fwrite(text, 1, strlen(text), file) == strlen(text);
    written = file && fclose(file) == 0 && written;
    if (!written || rename(fresh, path) < 0)
        return error_set(err, ERROR_BUG, "cannot write '%s': %s", path, strerror(errno));
    return 0;
}

int runtime_write_bootstraps(const char *folder, struct error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/" HOME, folder);
    if (make_folder(path, err) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s/" BOOTSTRAPS, folder);
    if (make_folder(path, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(bootstraps); i++)
        if (write_bootstrap(path, &bootstraps[i], err) < 0)
            return -1;
    return 0;
}

/* --- a process --- */

/* Node.js keeps below it by itself, so that its garbage is collected in time. */
static const char *heap_option(struct arena *arena, int memory_mib)
{
    return arena_printf(arena, "--max-old-space-size=%d", memory_mib - memory_mib / 8);
}

static int find_words(const struct function_record *function, const struct runtime *runtime,
                      const struct runtime_place *place, struct arena *arena,
                      struct runtime_start *start, struct error *err)
{
    const char **words = ARENA_ARRAY(arena, const char *, 4);
    if (runtime->kind == PROVIDED) {
        words[0] = arena_printf(arena, "%s/bootstrap", start->task_root);
        if (!is_program(words[0]))
            return error_set(err, ERROR_BAD_REQUEST,
                             "couldn't find an executable bootstrap in the "
                             "function's zip");
    } else {
        words[0] = find_interpreter(arena, runtime);
        if (!words[0])
            return error_set(err, ERROR_BAD_REQUEST,
                             "the runtime '%s' needs %s, which is not installed on this machine",
                             function->runtime, runtime->programs[1]);
    }
    if (runtime->kind == PYTHON)
        words[1] = arena_printf(arena, "%s/" BOOTSTRAPS "/bootstrap.py", place->folder);
    if (runtime->kind == NODE) {
        words[1] = heap_option(arena, function->memory_mib);
        words[2] = arena_printf(arena, "%s/" BOOTSTRAPS "/bootstrap.mjs", place->folder);
    }
    start->words = words;
    return 0;
}

int runtime_prepare(const struct function_record *function, const struct runtime_place *place,
                    struct arena *arena, struct runtime_start *ret, struct error *err)
{
    char path[PATH_MAX];
    const struct runtime *runtime = find_runtime(function->runtime);
    if (!runtime)
        return error_set(err, ERROR_BAD_REQUEST, "the runtime '%s' is not supported here",
                         function->runtime);
    struct runtime_start start = {.memory_mib = function->memory_mib};
    code_path(place->folder, function->name, function->code_sha256, path);
    start.task_root = arena_strdup(arena, path);
    if (find_words(function, runtime, place, arena, &start, err) < 0)
        return -1;
    struct runtime_names names = {
        .task_root = start.task_root,
        .execution_env = runtime->execution_env,
        .home = arena_printf(arena, "%s/" HOME, place->folder),
        .python_path =
            runtime->kind == PYTHON ? arena_printf(arena, "%s/" BOOTSTRAPS, place->folder) : NULL,
    };
    start.environment = runtime_environment(function, place, &names, arena);
    *ret = start;
    return 0;
}
