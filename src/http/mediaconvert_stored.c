/* SPDX-License-Identifier: Apache-2.0 */
/* Job templates and presets: the same five operations on two kinds of things. */
#include <string.h>

#include "http/mediaconvert.h"
#include "http/put.h"

struct kind {
    enum stored_kind stored;
    const char *arn;        /* what stands in its ARN */
    const char *one, *many; /* members of answers */
    const struct structure *request;
};

static const struct kind templates = {STORED_JOB_TEMPLATE, "jobTemplates", "jobTemplate",
                                      "jobTemplates", &create_job_template_request_structure};
static const struct kind presets = {STORED_PRESET, "presets", "preset", "presets",
                                    &create_preset_request_structure};

static void put_record(struct service *service, struct call *call, const struct kind *kind,
                       const char *name, const struct stored_record *record)
{
    struct text *out = &call->reply;
    put_open(out, name, '{');
    put_string(out, "arn", status_arn(service->status, call->arena, kind->arn, record->name));
    put_time(out, "createdAt", record->created_us);
    put_time(out, "lastUpdated", record->updated_us);
    put_string(out, "name", record->name);
    put_string(out, "type", "CUSTOM");
    put_members(out, record->request);
    put_close(out, '}');
}

static int answer(struct service *service, struct call *call, const struct kind *kind,
                  const struct stored_record *record)
{
    put_open(&call->reply, NULL, '{');
    put_record(service, call, kind, kind->one, record);
    put_close(&call->reply, '}');
    return 0;
}

/* All members but those that are kept elsewhere. */
static const char *without_name(struct call *call, const struct kind *kind, const struct json *root)
{
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    for (const struct json *member = root->child; member; member = member->next) {
        const struct setting *row = put_row(kind->request, member->key);
        if (!row || member->type == JSON_NULL || !strcmp(row->name, "Name") ||
            !strcmp(row->name, "Tags"))
            continue;
        put_member(&out, row, member);
    }
    put_close(&out, '}');
    put_finish(&out);
    return arena_strdup(call->arena, out.data);
}

/* A template's outputs may name presets. Only a job that is run without a server may not. */
static void drop_presets(struct findings *findings)
{
    static const char preset[] = "/preset";
    int kept = 0;
    for (int i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        size_t length = strlen(f->pointer), end = strlen(preset);
        bool names_preset =
            f->support == REFUSED && length > end && strcmp(f->pointer + length - end, preset) == 0;
        if (names_preset)
            findings->errors--;
        else
            findings->items[kept++] = *f;
    }
    findings->count = kept;
}

/* Checks the whole request. False: refused. */
static bool is_valid(struct call *call, const struct kind *kind, const struct json *root)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    job_check_stored(call->arena, kind->request, root, &findings);
    drop_presets(&findings);
    if (findings.errors)
        (void)mediaconvert_refuse(call, &findings);
    return !findings.errors;
}

static int read_record(struct call *call, const struct kind *kind, const struct json *root,
                       struct stored_record *ret, struct error *err)
{
    *ret = (struct stored_record){0};
    if (call_string(root, "Name", true, &ret->name, err) < 0 ||
        mediaconvert_check_name(ret->name, err) < 0 ||
        call_string(root, "Category", false, &ret->category, err) < 0)
        return -1;
    ret->category = ret->category ? ret->category : "";
    ret->request = without_name(call, kind, root);
    return 0;
}

static int create(struct service *service, struct call *call, const struct kind *kind,
                  struct error *err)
{
    struct json *root;
    struct stored_record record, *made;
    const char *tags;
    if (call_json(call, &root, err) < 0)
        return -1;
    if (!is_valid(call, kind, root))
        return 0;
    if (read_record(call, kind, root, &record, err) < 0 ||
        mediaconvert_tags(call, root, &tags, err) < 0 ||
        status_stored_create(service->status, kind->stored, &record, call->arena, &made, err) < 0)
        return -1;
    const char *arn = status_arn(service->status, call->arena, kind->arn, record.name);
    if (tags && status_tags_add(service->status, arn, tags, err) < 0)
        return -1;
    return answer(service, call, kind, made);
}

static int get(struct service *service, struct call *call, const struct kind *kind,
               struct error *err)
{
    struct stored_record *record;
    if (status_stored_get(service->status, kind->stored, mediaconvert_name(call->name, kind->arn),
                          call->arena, &record, err) < 0)
        return -1;
    return answer(service, call, kind, record);
}

/* What the request gives stands in front of what is stored: the first of two is found. */
static void put_behind(struct json *root, struct json *stored)
{
    struct json **end = &root->child;
    while (*end)
        end = &(*end)->next;
    for (struct json *member = stored->child, *next; member; member = next) {
        next = member->next;
        member->next = NULL;
        const struct json *given = json_member(root, member->key);
        if (given && given->type != JSON_NULL)
            continue;
        *end = member;
        end = &member->next;
    }
}

static int update(struct service *service, struct call *call, const struct kind *kind,
                  struct error *err)
{
    struct json *root, *stored;
    struct stored_record *record, changed;
    size_t at;
    if (call_json(call, &root, err) < 0 ||
        status_stored_get(service->status, kind->stored, mediaconvert_name(call->name, kind->arn),
                          call->arena, &record, err) < 0 ||
        json_parse(call->arena, record->request, strlen(record->request), &stored, &at, err) < 0)
        return -1;
    mediaconvert_add_name(call, stored, record->name);
    put_behind(root, stored);
    if (!is_valid(call, kind, root))
        return 0;
    if (read_record(call, kind, root, &changed, err) < 0)
        return -1;
    changed.name = record->name;
    if (status_stored_update(service->status, kind->stored, &changed, call->arena, &record, err) <
        0)
        return -1;
    return answer(service, call, kind, record);
}

static int remove_one(struct service *service, struct call *call, const struct kind *kind,
                      struct error *err)
{
    if (status_stored_delete(service->status, kind->stored,
                             mediaconvert_name(call->name, kind->arn), err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

static int list(struct service *service, struct call *call, const struct kind *kind,
                struct error *err)
{
    static const char *const orders[] = {[LIST_BY_NAME] = "NAME",
                                         [LIST_BY_CREATION_DATE] = "CREATION_DATE",
                                         [LIST_BY_SYSTEM] = "SYSTEM"};
    struct page page;
    struct stored_record **records;
    const char *next, *category = call_query(call, "category");
    int by, count;
    if (mediaconvert_page(call, NULL, false, &page, err) < 0 ||
        mediaconvert_choice("listBy", call_query(call, "listBy"), orders, COUNT(orders), &by, err) <
            0)
        return -1;
    if (status_stored_list(service->status, kind->stored, category && *category ? category : NULL,
                           by < 0 ? LIST_BY_NAME : (enum list_by)by, &page, call->arena, &records,
                           &count, &next, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, kind->many, '[');
    for (int i = 0; i < count; i++)
        put_record(service, call, kind, NULL, records[i]);
    put_close(&call->reply, ']');
    put_string(&call->reply, "nextToken", next);
    put_close(&call->reply, '}');
    return 0;
}

#define OPERATION(name, what, kind)                                                                \
    int mediaconvert_##name(struct service *service, struct call *call, struct error *err)         \
    {                                                                                              \
        return what(service, call, &(kind), err);                                                  \
    }

OPERATION(create_job_template, create, templates)
OPERATION(get_job_template, get, templates)
OPERATION(list_job_templates, list, templates)
OPERATION(update_job_template, update, templates)
OPERATION(delete_job_template, remove_one, templates)
OPERATION(create_preset, create, presets)
OPERATION(get_preset, get, presets)
OPERATION(list_presets, list, presets)
OPERATION(update_preset, update, presets)
OPERATION(delete_preset, remove_one, presets)
