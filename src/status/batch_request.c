/* SPDX-License-Identifier: Apache-2.0 */
#include "status/batch_request.h"

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/macros.h"

enum kind { TEXT, FLAG, CHOICE };

/* Every member but the fields of a CSV, token, priority and builtin. */
static const struct {
    const char *name;
    enum kind kind;
    size_t offset;
} members[] = {
#define MEMBER(kind, field)                                                                        \
    {                                                                                              \
#field, kind, offsetof(struct batch_request, field)                                        \
    }
    MEMBER(TEXT, description),
    MEMBER(TEXT, role_arn),
    MEMBER(TEXT, tags),
    MEMBER(FLAG, confirmation_required),
    MEMBER(CHOICE, manifest_format),
    MEMBER(TEXT, manifest),
    MEMBER(TEXT, manifest_version),
    MEMBER(TEXT, manifest_etag),
    MEMBER(TEXT, function),
    MEMBER(TEXT, schema),
    MEMBER(TEXT, user_arguments),
    MEMBER(FLAG, report),
    MEMBER(TEXT, report_bucket),
    MEMBER(TEXT, report_prefix),
    MEMBER(CHOICE, report_scope),
#undef MEMBER
};
_Static_assert(sizeof(enum batch_manifest_format) == sizeof(int) &&
                   sizeof(enum batch_report_scope) == sizeof(int),
               "choices are read and written as int");

static const struct {
    const char *name;
    size_t offset;
} builtin_members[] = {
    {"job", offsetof(struct batch_builtin, job)},
    {"output_bucket", offsetof(struct batch_builtin, output_bucket)},
    {"role", offsetof(struct batch_builtin, role)},
    {"application", offsetof(struct batch_builtin, application)},
};

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

static const char *text_of(struct arena *arena, const cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    if (!text)
        abort();
    const char *copy = arena_strdup(arena, text);
    cJSON_free(text);
    return copy;
}

const char *batch_request_text(struct arena *arena, const struct batch_request *request)
{
    CLEANUP(delete_json) cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < COUNT(members); i++) {
        const void *field = (const char *)request + members[i].offset;
        if (members[i].kind == TEXT && *(const char *const *)field)
            cJSON_AddStringToObject(object, members[i].name, *(const char *const *)field);
        if (members[i].kind == FLAG)
            cJSON_AddBoolToObject(object, members[i].name, *(const bool *)field);
        if (members[i].kind == CHOICE)
            cJSON_AddNumberToObject(object, members[i].name, *(const int *)field);
    }
    cJSON *fields = cJSON_AddArrayToObject(object, "fields");
    for (int i = 0; i < request->fields_count; i++)
        cJSON_AddItemToArray(fields, cJSON_CreateString(request->fields[i]));
    return text_of(arena, object);
}

static void read_fields(struct arena *arena, const cJSON *object, struct batch_request *ret)
{
    const cJSON *field;
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(object, "fields"))
    {
        if (ret->fields_count < BATCH_FIELDS_MAX && cJSON_IsString(field))
            ret->fields[ret->fields_count++] = arena_strdup(arena, field->valuestring);
    }
}

int batch_request_read(struct arena *arena, const char *text, struct batch_request *ret,
                       struct error *err)
{
    CLEANUP(delete_json) cJSON *object = cJSON_Parse(text);
    if (!cJSON_IsObject(object))
        return error_set(err, ERROR_BUG, "database: a batch job's request is no JSON object");
    for (size_t i = 0; i < COUNT(members); i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, members[i].name);
        void *field = (char *)ret + members[i].offset;
        if (members[i].kind == TEXT && cJSON_IsString(value))
            *(const char **)field = arena_strdup(arena, value->valuestring);
        if (members[i].kind == FLAG)
            *(bool *)field = cJSON_IsTrue(value);
        if (members[i].kind == CHOICE && cJSON_IsNumber(value))
            *(int *)field = value->valueint;
    }
    read_fields(arena, object, ret);
    return 0;
}

/* --- what `builtin` does --- */

const char *batch_builtin_text(struct arena *arena, const struct batch_builtin *builtin)
{
    if (!builtin->job)
        return NULL;
    CLEANUP(delete_json) cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < COUNT(builtin_members); i++) {
        const char *value =
            *(const char *const *)((const char *)builtin + builtin_members[i].offset);
        if (value)
            cJSON_AddStringToObject(object, builtin_members[i].name, value);
    }
    return text_of(arena, object);
}

int batch_builtin_read(struct arena *arena, const char *text, struct batch_builtin *ret,
                       struct error *err)
{
    CLEANUP(delete_json) cJSON *object = cJSON_Parse(text);
    if (!cJSON_IsObject(object))
        return error_set(err, ERROR_BUG, "database: a batch job's builtin is no JSON object");
    for (size_t i = 0; i < COUNT(builtin_members); i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, builtin_members[i].name);
        if (cJSON_IsString(value))
            *(const char **)((char *)ret + builtin_members[i].offset) =
                arena_strdup(arena, value->valuestring);
    }
    return 0;
}
