/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/credentials.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 64 * 1024, MOST_LINES = 100 * 1000 };

const char *environment(const char *name)
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

/* false at the file's end. Of a line that is too long nothing is read. */
static bool read_line(FILE *file, char line[LINE_BYTES])
{
    if (!fgets(line, LINE_BYTES, file))
        return false;
    if (strlen(line) == LINE_BYTES - 1 && line[LINE_BYTES - 2] != '\n') {
        line[0] = '\0';
        for (int c = 0; c != '\n' && c != EOF;)
            c = fgetc(file);
    }
    return true;
}

/* Fills in what the profile has here. */
static void read_profile(struct arena *arena, const char *path, const char *profile,
                         struct credentials *ret)
{
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    char line[LINE_BYTES];
    bool ours = false;
    for (int i = 0; file && i < MOST_LINES && read_line(file, line); i++) {
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
    struct credentials config = {0};
    read_profile(arena, file_path(arena, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile,
                 ret);
    read_profile(arena, file_path(arena, "AWS_CONFIG_FILE", "config"), profile, &config);
    const char *region = either(ret->region, config.region);
    if (!ret->access_key && !ret->secret_key)
        *ret = config;
    ret->region = region;
}

/* --- putting them together --- */

/* Whether it can be a part of a header: no blank, nothing but ASCII, none of these. */
static bool is_word(const char *s, const char *without)
{
    for (; *s; s++) {
        if (*s <= ' ' || *s > '~' || strchr(without, *s))
            return false;
    }
    return true;
}

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
    if (!is_word(found->access_key, "/,"))
        return error_set(err, ERROR_PERMISSION, "the access key id cannot be one");
    if (found->session_token && !is_word(found->session_token, ""))
        return error_set(err, ERROR_PERMISSION, "the session token cannot be one");
    if (!is_word(found->region, "/,"))
        return error_set(err, ERROR_PERMISSION, "the region cannot be one");
    return 0;
}

int credentials_find(struct arena *arena, struct credentials *ret, struct error *err)
{
    struct credentials found = {
        .access_key = environment("AWS_ACCESS_KEY_ID"),
        .secret_key = environment("AWS_SECRET_ACCESS_KEY"),
        .session_token = environment("AWS_SESSION_TOKEN"),
    };
    const char *region = either(environment("AWS_REGION"), environment("AWS_DEFAULT_REGION"));
    const char *profile =
        either(either(environment("AWS_PROFILE"), environment("AWS_DEFAULT_PROFILE")), "default");
    struct credentials in_files = {0};
    read_profiles(arena, profile, &in_files);
    if (!found.access_key && !found.secret_key)
        found = in_files;
    found.region = either(either(region, in_files.region), "us-east-1");
    if (check(&found, profile, err) < 0)
        return -1;

    *ret = (struct credentials){
        .access_key = arena_strdup(arena, found.access_key),
        .secret_key = arena_strdup(arena, found.secret_key),
        .session_token = found.session_token ? arena_strdup(arena, found.session_token) : NULL,
        .region = arena_strdup(arena, found.region),
    };
    return 0;
}
