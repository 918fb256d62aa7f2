/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Job templates and presets: what they say is laid below what the job says itself.
 *
 * Objects are merged member by member, lists of objects item by item, so that a job may say
 * {"outputGroups": [{"outputGroupSettings": {"fileGroupSettings": {"destination": "s3://…"}}}]} and
 * leave the rest of its first group to the template; any other value of the job's replaces the one
 * below. AWS does not publish its rule: this is the one that its examples need.
 */
#include <string.h>

#include "http/mediaconvert.h"
#include "http/put.h"

static struct json **find_link(struct json *object, const char *key)
{
    struct json **link = &object->child;
    while (*link && !json_same_name((*link)->key, key))
        link = &(*link)->next;
    return link;
}

static bool is_list_of_objects(const struct json *value)
{
    return value->type == JSON_ARRAY && value->child && value->child->type == JSON_OBJECT;
}

/* What `below` says and `above` does not becomes part of above. Below is used up. */
static void lay_below(struct json *above, struct json *below)
{
    if (above->type == JSON_OBJECT && below->type == JSON_OBJECT) {
        for (struct json *member = below->child, *next; member; member = next) {
            next = member->next;
            struct json **link = find_link(above, member->key);
            if (*link && (*link)->type != JSON_NULL) {
                lay_below(*link, member);
            } else {
                member->next = *link ? (*link)->next : NULL;
                *link = member;
            }
        }
    } else if (above->type == JSON_ARRAY && is_list_of_objects(below)) {
        struct json **link = &above->child;
        struct json *item = below->child;
        for (; *link && item; link = &(*link)->next, item = item->next)
            lay_below(*link, item);
        if (!*link)
            *link = item;
    }
}

/* Takes the member out of the object; NULL if it is not there. */
static struct json *take(struct json *object, const char *key)
{
    struct json **link = find_link(object, key), *member = *link;
    if (member)
        *link = member->next;
    return member;
}

static int parse_stored(struct service *service, struct call *call, enum stored_kind kind,
                        const char *name, struct json **ret, size_t *ret_size, struct error *err)
{
    size_t at;
    struct stored_record *record;
    if (status_stored_get(service->status, kind, name, call->arena, &record, err) < 0)
        return -1;
    *ret_size = strlen(record->request);
    return json_parse(call->arena, record->request, *ret_size, ret, &at, err);
}

int mediaconvert_merge_template(struct service *service, struct call *call, struct json *request,
                                const char **ret_template, struct error *err)
{
    const char *word;
    struct json *stored;
    size_t size;
    if (call_string(request, "JobTemplate", false, &word, err) < 0)
        return -1;
    *ret_template = NULL;
    if (!take(request, "JobTemplate") || !word)
        return 0;
    const char *name = mediaconvert_name(word, "jobTemplates");
    if (parse_stored(service, call, STORED_JOB_TEMPLATE, name, &stored, &size, err) < 0)
        return error_add(err, "jobTemplate '%.80s'", word);
    (void)take(stored, "Description"); // these two are the template's own
    (void)take(stored, "Category");
    lay_below(request, stored);
    *ret_template = name;
    return 0;
}

static int merge_preset(struct service *service, struct call *call, struct json *output,
                        size_t *room, struct error *err)
{
    const char *word;
    struct json *stored;
    size_t size;
    if (call_string(output, "Preset", false, &word, err) < 0)
        return -1;
    if (!take(output, "Preset") || !word)
        return 0;
    const char *name = mediaconvert_name(word, "presets");
    if (parse_stored(service, call, STORED_PRESET, name, &stored, &size, err) < 0)
        return error_add(err, "preset '%.80s'", word);
    if (size > *room)
        return error_set(err, ERROR_BAD_REQUEST, "with its presets the job is longer than %d bytes",
                         JSON_MAX_BYTES);
    *room -= size;
    struct json *settings = json_member(stored, "Settings");
    if (settings)
        lay_below(output, settings);
    return 0;
}

int mediaconvert_merge_presets(struct service *service, struct call *call, struct json *settings,
                               struct error *err)
{
    size_t room = JSON_MAX_BYTES;
    struct json *groups = json_member(settings, "OutputGroups");
    int g = 0;
    for (struct json *group = groups ? groups->child : NULL; group; group = group->next, g++) {
        struct json *outputs = json_member(group, "Outputs");
        int o = 0;
        for (struct json *output = outputs ? outputs->child : NULL; output;
             output = output->next, o++)
            if (output->type == JSON_OBJECT && merge_preset(service, call, output, &room, err) < 0)
                return error_add(err, "/outputGroups/%d/outputs/%d", g, o);
    }
    return 0;
}
