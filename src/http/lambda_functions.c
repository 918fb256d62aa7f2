/* SPDX-License-Identifier: Apache-2.0 */
/* Functions: created, got, listed, updated, deleted; their concurrency and tags. */
#include <errno.h>
#include <string.h>

#include "http/lambda.h"
#include "http/mediaconvert.h"
#include "http/put.h"
#include "http/service.h"

/* --- the members of requests --- */

enum { CREATE = 1, CONFIGURE = 2, CODE = 4 }; /* where a member may stand */

enum handling {
    READ,  /* and obeyed */
    KEPT,  /* checked, kept, given back; changes nothing */
    EMPTY, /* not done here: anything but nothing is refused */
};

static bool is_word_of(const struct json *value, const char *const *words)
{
    for (; value && value->type == JSON_STRING && *words; words++)
        if (strcmp(*words, value->string) == 0)
            return true;
    return false;
}

static bool is_architectures(const struct json *value)
{
    static const char *const words[] = {"x86_64", "arm64", NULL};
    return value->type == JSON_ARRAY && value->child && !value->child->next &&
           is_word_of(value->child, words);
}

static bool is_storage(const struct json *value)
{
    enum { SIZE_MIN = 512, SIZE_MAX_MIB = 10240 };
    const struct json *size = json_member(value, "Size");
    return size && size->type == JSON_NUMBER && size->number >= SIZE_MIN &&
           size->number <= SIZE_MAX_MIB && size->number == (int)size->number;
}

static bool is_tracing(const struct json *value)
{
    static const char *const words[] = {"Active", "PassThrough", NULL};
    return is_word_of(json_member(value, "Mode"), words);
}

static bool is_snap_start(const struct json *value)
{
    static const char *const words[] = {"PublishedVersions", "None", NULL};
    return is_word_of(json_member(value, "ApplyOn"), words);
}

/* Logs are text, and each function's are in the group of its name. */
static bool is_logging(const struct json *value)
{
    static const char *const formats[] = {"Text", NULL};
    const struct json *member = value->type == JSON_OBJECT ? value->child : NULL;
    for (; member; member = member->next)
        if (json_same_name(member->key, "LogGroup")
                ? member->type != JSON_STRING
                : !json_same_name(member->key, "LogFormat") || !is_word_of(member, formats))
            return false;
    return value->type == JSON_OBJECT;
}

/* That group may be named. */
static int check_log_group(const struct json *root, const char *name, struct error *err)
{
    const struct json *logging = json_member(root, "LoggingConfig");
    const struct json *group = logging ? json_member(logging, "LogGroup") : NULL;
    if (!group || (strncmp(group->string, LOGS_GROUP_PREFIX, strlen(LOGS_GROUP_PREFIX)) == 0 &&
                   strcmp(group->string + strlen(LOGS_GROUP_PREFIX), name) == 0))
        return 0;
    return error_set(err, ERROR_BAD_REQUEST,
                     "LogGroup '%.100s' is not supported here: the function's is " LOGS_GROUP_PREFIX
                     "%s",
                     group->string, name);
}

static bool is_zip(const struct json *value)
{
    return value->type == JSON_STRING && strcmp(value->string, "Zip") == 0;
}

static bool is_strings(const struct json *list)
{
    if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
        return false;
    for (const struct json *item = list ? list->child : NULL; item; item = item->next)
        if (item->type != JSON_STRING)
            return false;
    return true;
}

static bool is_vpc(const struct json *value)
{
    return value->type == JSON_OBJECT && is_strings(json_member(value, "SubnetIds")) &&
           is_strings(json_member(value, "SecurityGroupIds"));
}

static bool is_string(const struct json *value)
{
    return value->type == JSON_STRING;
}

static const struct member {
    const char *name;
    int in;
    enum handling handling;
    bool (*is_valid)(const struct json *value); /* NULL: whoever reads it checks it */
    const char *allowed;
} members[] = {
    // clang-format off
    {"FunctionName",         CREATE | CONFIGURE,        READ},
    {"Runtime",              CREATE | CONFIGURE,        READ},
    {"Role",                 CREATE | CONFIGURE,        READ},
    {"Handler",              CREATE | CONFIGURE,        READ},
    {"Code",                 CREATE,                    READ},
    {"Description",          CREATE | CONFIGURE,        READ},
    {"Timeout",              CREATE | CONFIGURE,        READ},
    {"MemorySize",           CREATE | CONFIGURE,        READ},
    {"Environment",          CREATE | CONFIGURE,        READ},
    {"Tags",                 CREATE,                    READ},
    {"RevisionId",           CONFIGURE | CODE,          READ},
    {"ZipFile",              CODE,                      READ},
    {"S3Bucket",             CODE,                      READ},
    {"S3Key",                CODE,                      READ},
    {"S3ObjectVersion",      CODE,                      READ},
    {"ImageUri",             CODE,                      READ},
    {"DryRun",               CODE,                      READ},
    {"PackageType",          CREATE,                    READ, is_zip, "Zip: container images are not run here"},
    {"Architectures",        CREATE | CODE,             KEPT, is_architectures, "one of [x86_64, arm64]"},
    {"EphemeralStorage",     CREATE | CONFIGURE,        KEPT, is_storage, "a Size from 512 to 10240"},
    {"TracingConfig",        CREATE | CONFIGURE,        KEPT, is_tracing, "a Mode of [Active, PassThrough]"},
    {"SnapStart",            CREATE | CONFIGURE,        KEPT, is_snap_start, "ApplyOn of [PublishedVersions, None]"},
    {"VpcConfig",            CREATE | CONFIGURE,        KEPT, is_vpc, "lists of SubnetIds and SecurityGroupIds"},
    {"KMSKeyArn",            CREATE | CONFIGURE,        KEPT, is_string, "a string"},
    {"LoggingConfig",        CREATE | CONFIGURE,        KEPT, is_logging, "a LogFormat of Text, without levels"},
    {"Publish",              CREATE | CODE,             EMPTY}, /* there are no versions */
    {"DeadLetterConfig",     CREATE | CONFIGURE,        EMPTY},
    {"Layers",               CREATE | CONFIGURE,        EMPTY},
    {"FileSystemConfigs",    CREATE | CONFIGURE,        EMPTY},
    {"ImageConfig",          CREATE | CONFIGURE,        EMPTY},
    {"CodeSigningConfigArn", CREATE,                    EMPTY},
    {0},
    // clang-format on
};

static const struct member *find_member(const char *name, int in)
{
    for (const struct member *member = members; member->name; member++)
        if ((member->in & in) && strcmp(member->name, name) == 0)
            return member;
    return NULL;
}

/* Nothing that is asked for is passed over in silence. */
static int check_members(const struct json *root, int in, struct error *err)
{
    for (const struct json *value = root->child; value; value = value->next) {
        const struct member *member = find_member(value->key, in);
        if ((!member || member->handling == EMPTY) && !call_asks_nothing(value))
            return error_set(err, ERROR_BAD_REQUEST, "%.80s is not supported here", value->key);
        if (member && member->is_valid && value->type != JSON_NULL && !member->is_valid(value))
            return error_set(err, ERROR_BAD_REQUEST,
                             "Value at '%c%s' failed to satisfy constraint: it must be %s",
                             member->name[0] | 0x20, member->name + 1, member->allowed);
    }
    return 0;
}

/* What is KEPT of the request, and of `old` where the request does not say. */
static const char *kept(struct call *call, const struct json *root, const char *old)
{
    CLEANUP(text_release) struct text out = {0};
    const struct json *before = call_stored(call, old);
    put_open(&out, NULL, '{');
    for (const struct member *member = members; member->name; member++) {
        const struct json *value = json_member(root, member->name);
        if (member->handling != KEPT)
            continue;
        if (!value || value->type == JSON_NULL)
            value = json_member(before, member->name);
        if (value && value->type != JSON_NULL)
            put_value(&out, member->name, NULL, value);
    }
    put_close(&out, '}');
    put_finish(&out);
    return arena_strdup(call->arena, out.data);
}

/* *ret stays as it is where there is none. */
static int read_int(const struct json *root, const char *name, int *ret, struct error *err)
{
    const struct json *value = json_member(root, name);
    if (!value || value->type == JSON_NULL)
        return 0;
    if (value->type != JSON_NUMBER || value->number < 0 || value->number > INT32_MAX ||
        value->number != (int)value->number)
        return error_set(err, ERROR_BAD_REQUEST, "%s must be a whole number", name);
    *ret = (int)value->number;
    return 0;
}

static int read_environment(struct call *call, const struct json *root, const char **ret,
                            struct error *err)
{
    const struct json *environment = json_member(root, "Environment");
    *ret = NULL;
    if (!environment || environment->type == JSON_NULL)
        return 0;
    const struct json *variables = json_member(environment, "Variables");
    if (environment->type != JSON_OBJECT ||
        (variables && variables->type != JSON_OBJECT && variables->type != JSON_NULL))
        return error_set(err, ERROR_BAD_REQUEST, "Environment.Variables must be an object");
    *ret = variables && variables->type == JSON_OBJECT ? mediaconvert_text(call, NULL, variables)
                                                       : "{}";
    return 0;
}

/* "arn:aws:iam::111122223333:role/NAME". That Lambda could assume it is not looked at. */
static int check_role(const char *role, struct error *err)
{
    const char *account = strstr(role, ":iam::");
    const char *rest = account ? account + strlen(":iam::") + 12 : NULL;
    if (strncmp(role, "arn:aws", 7) || !account ||
        strspn(account + strlen(":iam::"), "0123456789") != 12 || strncmp(rest, ":role/", 6) ||
        !rest[6])
        return error_set(err, ERROR_BAD_REQUEST,
                         "1 validation error detected: Value '%.200s' at 'role' failed to satisfy "
                         "constraint: Member must satisfy regular expression pattern: "
                         "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
                         role);
    return 0;
}

/* What CreateFunction and UpdateFunctionConfiguration have in common. Strings that are not given
 * become NULL, numbers stay. */
static int read_configuration(struct call *call, const struct json *root,
                              struct function_record *ret, struct error *err)
{
    if (call_string(root, "Runtime", false, &ret->runtime, err) < 0 ||
        call_string(root, "Handler", false, &ret->handler, err) < 0 ||
        call_string(root, "Role", false, &ret->role, err) < 0 ||
        (ret->role && check_role(ret->role, err) < 0) ||
        call_string(root, "Description", false, &ret->description, err) < 0 ||
        read_int(root, "Timeout", &ret->timeout_s, err) < 0 ||
        read_int(root, "MemorySize", &ret->memory_mib, err) < 0 ||
        read_environment(call, root, &ret->environment, err) < 0)
        return -1;
    return 0;
}

/* --- create --- */

static int answer(struct service *service, struct call *call,
                  const struct function_record *function)
{
    lambda_put_configuration(service, call, NULL, function);
    return 0;
}

/* FunctionName of CreateFunction: also as an ARN. */
static bool read_name(struct service *service, struct call *call, const struct json *root,
                      char name[FUNCTION_NAME_MAX + 1])
{
    struct error err;
    if (call_string(root, "FunctionName", true, &call->name, &err) < 0)
        return call_refuse(call, 400, "%s", err.frame[0]), false;
    if (!lambda_name(service, call, name))
        return false;
    if (strcmp(name, LAMBDA_BUILTIN))
        return true;
    return call_refuse(call, 400, "the name '%s' is taken: it is what batch jobs call", name),
           false;
}

static int read_function(struct call *call, const struct json *root, struct function_record *ret,
                         struct error *err)
{
    if (check_members(root, CREATE, err) < 0 || check_log_group(root, ret->name, err) < 0 ||
        read_configuration(call, root, ret, err) < 0 ||
        mediaconvert_tags(call, root, &ret->tags, err) < 0)
        return -1;
    if (!ret->role)
        return error_set(err, ERROR_BAD_REQUEST, "Role is a required property");
    if (!ret->runtime || !ret->handler)
        return error_set(err, ERROR_BAD_REQUEST,
                         "Runtime and Handler are mandatory parameters for functions created with "
                         "deployment packages.");
    ret->rest = kept(call, root, "{}");
    return 0;
}

int lambda_create_function(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    char name[FUNCTION_NAME_MAX + 1];
    struct function_record record = {.name = name}, *made;
    const void *zip;
    size_t size;
    if (!lambda_body(call, LAMBDA_REQUEST_MAX, &root) || !read_name(service, call, root, name))
        return 0;
    if (read_function(call, root, &record, err) < 0 ||
        lambda_read_zip(service, call, json_member(root, "Code"), &zip, &size, err) < 0)
        return -1;
    if (!zip)
        return 0;
    if (functions_create(service->functions, &record, zip, size, call->arena, &made, err) < 0)
        return err->kind == ERROR_CONFLICT
                   ? call_refuse(call, 409, "Function already exist: %s", name)
                   : -1;
    return answer(service, call, made);
}

/* --- get, list, delete --- */

#define RESERVED "ReservedConcurrentExecutions"

static void put_reserved(struct call *call, const char *name,
                         const struct function_record *function)
{
    put_open(&call->reply, name, '{');
    if (function->reserved != FUNCTION_NO_LIMIT)
        put_number(&call->reply, RESERVED, function->reserved);
    put_close(&call->reply, '}');
}

int lambda_get_function(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    put_open(&call->reply, NULL, '{');
    lambda_put_configuration(service, call, "Configuration", function);
    lambda_put_code(service, call, function);
    if (strcmp(function->tags, "{}"))
        put_json(&call->reply, "Tags", function->tags);
    if (function->reserved != FUNCTION_NO_LIMIT)
        put_reserved(call, "Concurrency", function);
    put_close(&call->reply, '}');
    return 0;
}

int lambda_get_function_configuration(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    int found = lambda_find(service, call, &function, err);
    return found > 0 ? answer(service, call, function) : found;
}

static int read_page(const struct call *call, struct page *ret, struct error *err)
{
    enum { ITEMS_MAX = 10000, PAGE_ITEMS = 50 };
    const char *text = call_query(call, "MaxItems"), *token = call_query(call, "Marker");
    char *end;
    errno = 0;
    long max = text ? strtol(text, &end, 10) : PAGE_ITEMS;
    if (text && (end == text || *end || errno || max < 1 || max > ITEMS_MAX))
        return error_set(err, ERROR_BAD_REQUEST,
                         "1 validation error detected: Value '%.20s' at 'maxItems' failed to "
                         "satisfy constraint: Member must have value from 1 to %d",
                         text, ITEMS_MAX);
    *ret = (struct page){.max = max < PAGE_ITEMS ? (int)max : PAGE_ITEMS,
                         .token = token && *token ? token : NULL};
    return 0;
}

/* FunctionVersion=ALL says nothing: $LATEST is all. MasterRegion is of Lambda@Edge. */
int lambda_list_functions(struct service *service, struct call *call, struct error *err)
{
    struct page page;
    struct function_record **functions;
    const char *next, *version = call_query(call, "FunctionVersion");
    int count;
    if (call_query(call, "MasterRegion"))
        return error_set(err, ERROR_BAD_REQUEST, "MasterRegion is not supported here");
    if (version && strcmp(version, "ALL"))
        return error_set(err, ERROR_BAD_REQUEST, "FunctionVersion must be ALL");
    if (read_page(call, &page, err) < 0 || status_function_list(service->status, &page, call->arena,
                                                                &functions, &count, &next, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "NextMarker", next);
    put_open(&call->reply, "Functions", '[');
    for (int i = 0; i < count; i++)
        lambda_put_configuration(service, call, NULL, functions[i]);
    put_close(&call->reply, ']');
    put_close(&call->reply, '}');
    return 0;
}

/* There is one: $LATEST. */
int lambda_list_versions_by_function(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    struct page page;
    if (read_page(call, &page, err) < 0)
        return -1;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "Versions", '[');
    lambda_put_configuration(service, call, NULL, function);
    put_close(&call->reply, ']');
    put_close(&call->reply, '}');
    return 0;
}

int lambda_delete_function(struct service *service, struct call *call, struct error *err)
{
    char name[FUNCTION_NAME_MAX + 1];
    if (!lambda_name(service, call, name))
        return 0;
    if (functions_delete(service->functions, name, err) < 0)
        return lambda_failed(service, call, name, err);
    return 0;
}

/* --- update --- */

/* Takes what a request says over into a record. */
typedef int change(struct call *call, const struct json *root, struct function_record *record,
                   struct error *err);

/* Applies a change to the record as it is now: again if somebody else changes it meanwhile, unless
 * the caller has said what it must be (`revision`; NULL: anything). 1: *ret is the record as it is
 * then; 0: an answer was given; -1: err says why not. */
static int change_function(struct service *service, struct call *call, const struct json *root,
                           change *apply, const char *revision, struct function_record **ret,
                           struct error *err)
{
    for (;;) {
        struct function_record *now, changed;
        int found = lambda_find(service, call, &now, err);
        if (found <= 0)
            return found;
        changed = *now;
        if (apply(call, root, &changed, err) < 0)
            return -1;
        changed.revision = revision ? revision : now->revision;
        if (functions_update(service->functions, &changed, call->arena, ret, err) == 0)
            return 1;
        if (revision || err->kind != ERROR_CONFLICT)
            return lambda_failed(service, call, now->name, err);
    }
}

static int configure(struct call *call, const struct json *root, struct function_record *record,
                     struct error *err)
{
    if (check_members(root, CONFIGURE, err) < 0 || check_log_group(root, record->name, err) < 0)
        return -1;
    record->rest = kept(call, root, record->rest);
    return read_configuration(call, root, record, err);
}

int lambda_update_function_configuration(struct service *service, struct call *call,
                                         struct error *err)
{
    struct json *root;
    struct function_record *made;
    const char *revision;
    if (!lambda_body(call, call_body_max(call), &root))
        return 0;
    if (call_string(root, "RevisionId", false, &revision, err) < 0)
        return -1;
    int changed = change_function(service, call, root, configure, revision, &made, err);
    return changed > 0 ? answer(service, call, made) : changed;
}

/* Architectures of UpdateFunctionCode. */
static int update_rest(struct call *call, const struct json *root, struct function_record *record,
                       struct error *err)
{
    (void)err;
    record->rest = kept(call, root, record->rest);
    return 0;
}

int lambda_update_function_code(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct function_record *function, *made;
    const char *revision;
    const void *zip;
    size_t size;
    bool dry_run = false;
    if (!lambda_body(call, LAMBDA_REQUEST_MAX, &root))
        return 0;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    if (check_members(root, CODE, err) < 0 || call_bool(root, "DryRun", &dry_run, err) < 0 ||
        call_string(root, "RevisionId", false, &revision, err) < 0 ||
        lambda_read_zip(service, call, root, &zip, &size, err) < 0)
        return -1;
    if (!zip)
        return 0;
    if (functions_update_code(service->functions, function->name, revision, zip, size, dry_run,
                              call->arena, &made, err) < 0)
        return lambda_failed(service, call, function->name, err);
    int changed = 1;
    if (!dry_run && json_member(root, "Architectures"))
        changed = change_function(service, call, root, update_rest, NULL, &made, err);
    return changed > 0 ? answer(service, call, made) : changed;
}

/* --- concurrency --- */

static int set_reserved(struct call *call, const struct json *root, struct function_record *record,
                        struct error *err)
{
    (void)call;
    return read_int(root, RESERVED, &record->reserved, err);
}

static int set_no_limit(struct call *call, const struct json *root, struct function_record *record,
                        struct error *err)
{
    (void)call, (void)root, (void)err;
    record->reserved = FUNCTION_NO_LIMIT;
    return 0;
}

int lambda_put_function_concurrency(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct function_record *function;
    int reserved = FUNCTION_NO_LIMIT;
    if (!lambda_body(call, call_body_max(call), &root))
        return 0;
    if (read_int(root, RESERVED, &reserved, err) < 0)
        return -1;
    if (reserved == FUNCTION_NO_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, RESERVED " is a required property");
    int changed = change_function(service, call, root, set_reserved, NULL, &function, err);
    if (changed <= 0)
        return changed;
    put_reserved(call, NULL, function);
    return 0;
}

int lambda_get_function_concurrency(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    put_reserved(call, NULL, function);
    return 0;
}

int lambda_delete_function_concurrency(struct service *service, struct call *call,
                                       struct error *err)
{
    struct function_record *function;
    return change_function(service, call, NULL, set_no_limit, NULL, &function, err) < 0 ? -1 : 0;
}

/* --- tags: the path has an ARN --- */

int lambda_list_tags(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    put_open(&call->reply, NULL, '{');
    put_json(&call->reply, "Tags", function->tags);
    put_close(&call->reply, '}');
    return 0;
}

static bool is_untagged(const struct call *call, const char *key)
{
    for (int i = 0; i < call->query_count; i++)
        if (strcmp(call->query[i].name, "tagKeys") == 0 && strcmp(call->query[i].value, key) == 0)
            return true;
    return false;
}

/* The function's tags without those that the query names, and with `added`. */
static const char *merge_tags(struct call *call, const char *tags, const struct json *added)
{
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    for (const struct json *tag = call_stored(call, tags)->child; tag; tag = tag->next) {
        const struct json *other = added ? added->child : NULL;
        while (other && strcmp(other->key, tag->key))
            other = other->next;
        if (!other && !is_untagged(call, tag->key))
            put_string(&out, tag->key, tag->string);
    }
    for (const struct json *tag = added ? added->child : NULL; tag; tag = tag->next)
        put_string(&out, tag->key, tag->string);
    put_close(&out, '}');
    put_finish(&out);
    return arena_strdup(call->arena, out.data);
}

static int change_tags(struct call *call, const struct json *root, struct function_record *record,
                       struct error *err)
{
    const char *tags;
    record->tags = merge_tags(call, record->tags, root ? json_member(root, "Tags") : NULL);
    // the limits are those of all that it has then
    struct json *merged = call_stored(call, record->tags);
    merged->key = "Tags";
    return mediaconvert_tags(call, &(struct json){.type = JSON_OBJECT, .child = merged}, &tags,
                             err);
}

int lambda_tag_resource(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct function_record *function;
    const char *tags;
    if (!lambda_body(call, call_body_max(call), &root))
        return 0;
    if (mediaconvert_tags(call, root, &tags, err) < 0)
        return -1;
    if (!tags)
        return error_set(err, ERROR_BAD_REQUEST, "Tags is a required property");
    return change_function(service, call, root, change_tags, NULL, &function, err) < 0 ? -1 : 0;
}

int lambda_untag_resource(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    if (!call_query(call, "tagKeys"))
        return error_set(err, ERROR_BAD_REQUEST, "tagKeys is a required property");
    return change_function(service, call, NULL, change_tags, NULL, &function, err) < 0 ? -1 : 0;
}
