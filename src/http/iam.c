/* SPDX-License-Identifier: Apache-2.0 */
#include "http/iam.h"

#include <errno.h>
#include <string.h>

#include "base/random.h"
#include "http/api.h"
#include "http/put.h"
#include "http/put_xml.h"

const struct action iam_actions[] = {
    {"CreateRole", iam_create_role},
    {"GetRole", iam_get_role},
    {"ListRoles", iam_list_roles},
    {"DeleteRole", iam_delete_role},
    {"UpdateAssumeRolePolicy", iam_update_assume_role_policy},
    {"PutRolePolicy", iam_put_role_policy},
    {"GetRolePolicy", iam_get_role_policy},
    {"DeleteRolePolicy", iam_delete_role_policy},
    {"ListRolePolicies", iam_list_role_policies},
    {"CreatePolicy", iam_create_policy},
    {"GetPolicy", iam_get_policy},
    {"GetPolicyVersion", iam_get_policy_version},
    {"ListPolicyVersions", iam_list_policy_versions},
    {"DeletePolicy", iam_delete_policy},
    {"ListPolicies", iam_list_policies},
    {"AttachRolePolicy", iam_attach_role_policy},
    {"DetachRolePolicy", iam_detach_role_policy},
    {"ListAttachedRolePolicies", iam_list_attached_role_policies},
    {0},
};

/* --- parameters --- */

/* IAM calls them in its messages as they are called in JSON: "roleName". */
static int refuse_value(struct call *call, const char *name, const char *value,
                        const char *constraint)
{
    return call_refuse(call, 400,
                       "1 validation error detected: Value %s%.200s%s at '%c%s' failed to satisfy "
                       "constraint: Member must %s",
                       value ? "'" : "", value ? value : "null", value ? "'" : "", name[0] | 0x20,
                       name + 1, constraint);
}

static bool is_text(const char *s)
{
    size_t size = strlen(s);
    for (size_t i = 0, length; i < size; i += length)
        if (!(length = (size_t)json_utf8_length(s + i, size - i)))
            return false;
    return true;
}

bool iam_optional(struct call *call, const char *name, int max, const char *instead,
                  const char **ret)
{
    const char *value = call_form(call, name);
    *ret = value ? value : instead;
    if (!value)
        return true;
    if (!is_text(value))
        return refuse_value(call, name, "?", "be UTF-8"), false;
    if (json_utf8_count(value) <= max)
        return true;
    (void)refuse_value(call, name, value,
                       arena_printf(call->arena, "have length less than or equal to %d", max));
    return false;
}

bool iam_required(struct call *call, const char *name, int max, const char **ret)
{
    if (!iam_optional(call, name, max, NULL, ret))
        return false;
    if (!*ret)
        return refuse_value(call, name, NULL, "not be null"), false;
    if (!**ret)
        return refuse_value(call, name, "", "have length greater than or equal to 1"), false;
    return true;
}

bool iam_number(struct call *call, const char *name, int min, int max, int instead, int *ret)
{
    const char *text = call_form(call, name);
    char *end;
    errno = 0;
    long value = text ? strtol(text, &end, 10) : instead;
    *ret = (int)value;
    if (!text || (end != text && !*end && !errno && value >= min && value <= max))
        return true;
    (void)refuse_value(call, name, text,
                       arena_printf(call->arena, "have value from %d to %d", min, max));
    return false;
}

bool iam_name(struct call *call, const char *name, int max, const char **ret)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "+=,.@_-";
    if (!iam_required(call, name, max, ret))
        return false;
    if (strspn(*ret, letters) == strlen(*ret))
        return true;
    (void)call_refuse(call, 400,
                      "The specified value for %c%s is invalid. It must contain only alphanumeric "
                      "characters and/or the following: +=,.@_-",
                      name[0] | 0x20, name + 1);
    return false;
}

/* Whether it has only what may stand in paths. */
static bool is_path_text(const char *path)
{
    for (; *path; path++)
        if (*path < 0x21 || *path > 0x7e)
            return false;
    return true;
}

bool iam_path(struct call *call, const char **ret)
{
    enum { PATH_BYTES_MAX = 512 };
    if (!iam_optional(call, "Path", PATH_BYTES_MAX, "/", ret))
        return false;
    size_t size = strlen(*ret);
    if (size && (*ret)[0] == '/' && (*ret)[size - 1] == '/' && is_path_text(*ret) &&
        !strstr(*ret, "//"))
        return true;
    (void)call_refuse(call, 400,
                      "The specified value for path is invalid. It must begin and end with / and "
                      "contain only alphanumeric characters and/or / characters.");
    return false;
}

bool iam_path_prefix(struct call *call, const char **ret)
{
    enum { PATH_BYTES_MAX = 512 };
    if (!iam_optional(call, "PathPrefix", PATH_BYTES_MAX, "", ret))
        return false;
    if (!**ret || (**ret == '/' && is_path_text(*ret)))
        return true;
    (void)call_refuse(call, 400,
                      "The specified value for pathPrefix is invalid. It must begin "
                      "with a / character.");
    return false;
}

bool iam_document(struct call *call, const char *name, const char **ret)
{
    enum { DOCUMENT_MAX = 131072 };
    static const char malformed[] = "MalformedPolicyDocument";
    struct json *root;
    struct error err;
    size_t at;
    if (!iam_required(call, name, DOCUMENT_MAX, ret))
        return false;
    if (json_parse(call->arena, *ret, strlen(*ret), &root, &at, &err) < 0)
        return call_refuse_as(call, 400, malformed,
                              "This policy contains invalid Json: byte %zu: %s", at, err.frame[0]),
               false;
    const struct json *statement =
        root->type == JSON_OBJECT ? json_member(root, "Statement") : NULL;
    if (!statement || (statement->type != JSON_ARRAY && statement->type != JSON_OBJECT))
        return call_refuse_as(call, 400, malformed,
                              "Syntax errors in policy: there is no Statement."),
               false;
    return true;
}

/* Whether `key` is among the keys of the first `count` tags, whatever its case. */
static bool is_tag(struct call *call, int count, const char *key)
{
    for (int i = 1; i <= count; i++) {
        const char *other = call_form(call, arena_printf(call->arena, "Tags.member.%d.Key", i));
        if (other && strcasecmp(other, key) == 0)
            return true;
    }
    return false;
}

bool iam_tags(struct call *call, const char **ret)
{
    enum { TAGS_MAX = 50, KEY_MAX = 128, VALUE_MAX = 256 };
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    for (int i = 1;; i++) {
        const char *key_name = arena_printf(call->arena, "Tags.member.%d.Key", i), *key;
        const char *value_name = arena_printf(call->arena, "Tags.member.%d.Value", i), *value;
        if (!call_form(call, key_name) && !call_form(call, value_name))
            break;
        if (i > TAGS_MAX)
            return refuse_value(call, "Tags", "?", "have length less than or equal to 50"), false;
        if (!iam_required(call, key_name, KEY_MAX, &key) ||
            !iam_optional(call, value_name, VALUE_MAX, "", &value))
            return false;
        if (is_tag(call, i - 1, key))
            return call_refuse_as(call, 400, "InvalidInput",
                                  "Duplicate tag keys found. Please note that Tag keys are case "
                                  "insensitive."),
                   false;
        put_string(&out, key, value);
    }
    put_close(&out, '}');
    put_finish(&out);
    *ret = arena_strdup(call->arena, out.data);
    return true;
}

bool iam_page(struct call *call, struct page *ret)
{
    enum { PAGE_DEFAULT = 100, PAGE_ITEMS_MAX = 1000 };
    *ret = (struct page){.token = call_form(call, "Marker")};
    return iam_number(call, "MaxItems", 1, PAGE_ITEMS_MAX, PAGE_DEFAULT, &ret->max);
}

const char *iam_id(struct call *call, const char *prefix)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    enum { RANDOM = 17 };
    unsigned char bytes[RANDOM];
    random_bytes(bytes, sizeof(bytes));
    size_t length = strlen(prefix);
    char *id = arena_alloc(call->arena, length + RANDOM + 1);
    memcpy(id, prefix, length);
    for (int i = 0; i < RANDOM; i++)
        id[length + (size_t)i] = letters[bytes[i] % 32];
    return id;
}

/* --- answers --- */

void iam_put_document(struct call *call, const char *name, const char *document)
{
    CLEANUP(text_release) struct text encoded = {0};
    uri_encode(&encoded, document, "");
    put_element(&call->reply, name, encoded.data);
}

void iam_put_tags(struct call *call, const char *tags)
{
    struct text *out = &call->reply;
    put_start(out, "Tags");
    for (const struct json *tag = call_stored(call, tags)->child; tag; tag = tag->next) {
        put_start(out, "member");
        put_element(out, "Key", tag->key);
        put_element(out, "Value", tag->string);
        put_end(out, "member");
    }
    put_end(out, "Tags");
}

void iam_put_page(struct call *call, const char *next)
{
    put_element(&call->reply, "IsTruncated", next ? "true" : "false");
    put_element(&call->reply, "Marker", next);
}

int iam_done(struct call *call)
{
    const char *name = arena_printf(call->arena, "%sResponse", call->action->name);
    put_start_in(&call->reply, name, call->api->space);
    action_put_metadata(call);
    put_end(&call->reply, name);
    return 0;
}

int iam_delete_failed(struct call *call, struct error *err)
{
    if (err->kind != ERROR_CONFLICT)
        return -1;
    return call_refuse_as(call, 409, "DeleteConflict", "%s", err->frame[0]);
}
