/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/credentials.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 8 * 1024, MOST_LINES = 100 * 1000 };

/* NULL where it is not set, or set to nothing. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *either(const char *a, const char *b)
{
    return a ? a : b;
}

/* --- the files --- */

/* Cuts blanks off both ends. */
static char *trim(char *s)
{
    s += strspn(s, " \t\r\n");
    size_t length = strlen(s);
    while (length && strchr(" \t\r\n", s[length - 1]))
        length--;
    s[length] = '\0';
    return s;
}

/* "[default]" and "[profile name]": the profile's name; NULL if the line begins no section. */
static const char *section_of(char *line)
{
    char *end = line[0] == '[' ? strchr(line, ']') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    char *name = trim(line + 1);
    if (!strncmp(name, "profile", 7) && strchr(" \t", name[7]) && name[7])
        name = trim(name + 7);
    return name;
}

static void take_setting(struct arena *arena, struct credentials *ret, const char *name,
                         const char *value)
{
    const struct {
        const char *name, **field;
    } rows[] = {
        {"aws_access_key_id", &ret->access_key},
        {"aws_secret_access_key", &ret->secret_key},
        {"aws_session_token", &ret->session_token},
        {"region", &ret->region},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!strcmp(rows[i].name, name) && !*rows[i].field && *value)
            *rows[i].field = arena_strdup(arena, value);
    }
}

static void close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

/* Adds what the profile has here to what is not known yet. */
static void read_profile(struct arena *arena, const char *path, const char *profile,
                         struct credentials *ret)
{
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    char line[LINE_BYTES];
    bool ours = false;
    for (int i = 0; file && i < MOST_LINES && fgets(line, sizeof(line), file); i++) {
        bool nested = line[0] == ' ' || line[0] == '\t'; // belongs to the setting above it
        char *text = trim(line), *equals = strchr(text, '=');
        const char *section = section_of(text);
        if (section) {
            ours = !strcmp(section, profile);
        } else if (ours && equals && !nested && !strchr("#;", *text)) {
            *equals = '\0';
            take_setting(arena, ret, trim(text), trim(equals + 1));
        }
    }
}

static const char *file_path(struct arena *arena, const char *variable, const char *name)
{
    const char *home = environment("HOME");
    return either(environment(variable), arena_printf(arena, "%s/.aws/%s", home ? home : "", name));
}

static void read_profiles(struct arena *arena, const char *profile, struct credentials *ret)
{
    read_profile(arena, file_path(arena, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile,
                 ret);
    read_profile(arena, file_path(arena, "AWS_CONFIG_FILE", "config"), profile, ret);
}

/* --- putting them together --- */

static int check(const struct credentials *found, const char *profile, struct error *err)
{
    if (!found->access_key && !found->secret_key)
        return error_set(err, ERROR_PERMISSION,
                         "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put "
                         "them in ~/.aws/credentials (profile '%s')",
                         profile);
    if (!found->access_key || !found->secret_key)
        return error_set(err, ERROR_PERMISSION, "half of the credentials is missing: %s",
                         found->access_key ? "the secret access key" : "the access key id");
    for (const char *c = found->access_key; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == '/')
            return error_set(err, ERROR_PERMISSION,
                             "the access key id has a character that no "
                             "access key id has");
    }
    return 0;
}

int credentials_find(struct arena *arena, struct credentials *ret, struct error *err)
{
    struct credentials found = {
        .access_key = environment("AWS_ACCESS_KEY_ID"),
        .secret_key = environment("AWS_SECRET_ACCESS_KEY"),
        .session_token = environment("AWS_SESSION_TOKEN"),
        .region = either(environment("AWS_REGION"), environment("AWS_DEFAULT_REGION")),
    };
    const char *profile =
        either(either(environment("AWS_PROFILE"), environment("AWS_DEFAULT_PROFILE")), "default");
    struct credentials in_files = {0};
    read_profiles(arena, profile, &in_files);
    if (!found.access_key && !found.secret_key) {
        const char *region = found.region;
        found = in_files;
        found.region = either(region, in_files.region);
    }
    if (check(&found, profile, err) < 0)
        return -1;

    *ret = (struct credentials){
        .access_key = arena_strdup(arena, found.access_key),
        .secret_key = arena_strdup(arena, found.secret_key),
        .session_token = found.session_token ? arena_strdup(arena, found.session_token) : NULL,
        .region = arena_strdup(arena, either(either(found.region, in_files.region), "us-east-1")),
    };
    return 0;
}
