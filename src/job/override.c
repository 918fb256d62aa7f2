/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a job from outside its text: --input, --destination, --set. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job/check.h"

/* Sets a string as it is, also where it looks like JSON. */
static int set_string(struct arena *arena, struct json *root, const char *pointer,
                      const char *string, struct error *err)
{
    if (json_set(arena, root, pointer, "null", err) < 0)
        return -1;
    struct json *value = json_find(root, pointer);
    value->type = JSON_STRING;
    value->string = arena_strdup(arena, string);
    return 0;
}

/* file:///absolute/path. A link keeps the name it was given: outputs are called after it. */
static int file_uri(struct arena *arena, const char *path, const char **ret, struct error *err)
{
    char here[PATH_MAX];
    if (path[0] == '/')
        *ret = arena_printf(arena, "file://%s", path);
    else if (getcwd(here, sizeof(here)))
        *ret = arena_printf(arena, "file://%s/%s", here, path);
    else
        return error_set(err, ERROR_BAD_REQUEST, "cannot make '%s' an absolute path", path);
    return 0;
}

int job_set_input(struct arena *arena, struct json *root, const char *input, struct error *err)
{
    struct json *settings = job_form(root).settings;
    if (!strstr(input, "://") && file_uri(arena, input, &input, err) < 0)
        return -1;
    if (!json_find(settings, "/inputs/0") && json_set(arena, settings, "/inputs", "[{}]", err) < 0)
        return -1;
    return set_string(arena, settings, "/inputs/0/fileInput", input, err);
}

/* "s3://new/prefix" and the path of "s3://old/HLS/" are "s3://new/prefix/HLS/". */
static const char *moved(struct arena *arena, const char *old, const char *destination)
{
    size_t length = strlen(destination);
    while (length > strlen("s3://") && destination[length - 1] == '/')
        length--;
    const char *bucket = strstr(old, "://");
    const char *path = bucket ? strchr(bucket + 3, '/') : NULL;
    return arena_printf(arena, "%.*s%s", (int)length, destination, path ? path : "/");
}

static bool is_destination(const char *s)
{
    return strncmp(s, "s3://", 5) == 0 && s[5] && s[5] != '/';
}

int job_set_destination(struct arena *arena, struct json *root, const char *destination,
                        struct error *err)
{
    if (!is_destination(destination))
        return error_set(err, ERROR_BAD_REQUEST,
                         "'%s' is no destination: give s3://BUCKET or s3://BUCKET/PREFIX",
                         destination);
    struct json *groups = json_member(job_form(root).settings, "OutputGroups");
    for (struct json *group = groups ? groups->child : NULL; group; group = group->next) {
        struct json *settings = json_member(group, "OutputGroupSettings");
        for (struct json *type = settings ? settings->child : NULL; type; type = type->next) {
            struct json *old = json_member(type, "Destination");
            if (old && old->type == JSON_STRING) {
                old->string = moved(arena, old->string, destination);
                old->at = JSON_NOWHERE;
            }
        }
    }
    return 0;
}

int job_set(struct arena *arena, struct json *root, const char *pointer, const char *value,
            struct error *err)
{
    return json_set(arena, job_form(root).settings, pointer, value, err);
}
