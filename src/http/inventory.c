/* SPDX-License-Identifier: Apache-2.0 */
#include "http/inventory.h"

#include <string.h>

#include "batch/inventories.h"
#include "batch/inventory.h"
#include "http/put_xml.h"
#include "http/xml_body.h"
#include "s3/storage.h"

#define BUCKET_ARN     "^arn:[^:]+:s3:::[A-Za-z0-9._-]+$"

#define S3CONTROL_PATH "/v20180820/"

enum { LIST_MAX = 100, FIELDS_READ_MAX = 64, WEEK_DAYS = 7 };

static const char *const formats[] = {"CSV", "ORC", "Parquet", NULL};
static const char *const frequencies[] = {"Daily", "Weekly", NULL};
static const char *const versions[] = {"Current", "All", NULL};

/* --- a configuration that is put --- */

static const struct xml_member none[] = {{0}};

static const struct xml_member kms[] = {
    {"KeyId", XML_TEXT, .least = 1, .min = 1, .max = 2048},
    {0},
};

static const struct xml_member encryption[] = {
    {"SSE-S3", XML_STRUCTURE, .members = none},
    {"SSE-KMS", XML_STRUCTURE, .members = kms},
    {0},
};

static const struct xml_member bucket_destination[] = {
    {"AccountId", XML_TEXT, .pattern = "^[0-9]{12}$"},    {"Bucket", XML_TEXT, .least = 1},
    {"Format", XML_TEXT, .least = 1, .choices = formats}, {"Prefix", XML_TEXT, .max = 512},
    {"Encryption", XML_STRUCTURE, .members = encryption}, {0},
};

static const struct xml_member destination[] = {
    {"S3BucketDestination", XML_STRUCTURE, .least = 1, .members = bucket_destination},
    {0},
};

static const struct xml_member filter[] = {
    {"Prefix", XML_TEXT, .least = 1, .max = 1024},
    {0},
};

static const struct xml_member schedule[] = {
    {"Frequency", XML_TEXT, .least = 1, .choices = frequencies},
    {0},
};

static const struct xml_member fields[] = {
    {"Field", XML_TEXT, .most = FIELDS_READ_MAX},
    {0},
};

static const struct xml_member configuration[] = {
    {"Destination", XML_STRUCTURE, .least = 1, .members = destination},
    {"IsEnabled", XML_FLAG, .least = 1},
    {"Filter", XML_STRUCTURE, .members = filter},
    {"Id", XML_TEXT, .least = 1, .min = 1, .max = INVENTORY_ID_MAX},
    {"IncludedObjectVersions", XML_TEXT, .least = 1, .choices = versions},
    {"OptionalFields", XML_STRUCTURE, .members = fields},
    {"Schedule", XML_STRUCTURE, .least = 1, .members = schedule},
    {0},
};

/* "" where it is not there. */
static const char *text_of(struct call *call, const xml_node *element, const char *name)
{
    const char *text = xml_member_text(call, element, name);
    return text ? text : "";
}

static void read_configuration(struct call *call, const xml_node *root,
                               struct inventory_record *ret)
{
    const xml_node *to = xml_child(xml_child(root, "Destination"), "S3BucketDestination");
    const xml_node *how = xml_child(to, "Encryption"), *with_key = xml_child(how, "SSE-KMS");
    CLEANUP(text_release) struct text names = {0};
    text_append(&names, "", 0);
    for (const xml_node *field = xml_child(xml_child(root, "OptionalFields"), "Field"); field;
         field = xml_next(field, "Field"))
        text_add(&names, "%s%s", names.size ? "," : "", xml_text(call->arena, field));

    bool weekly =
        !strcmp(xml_member_text(call, xml_child(root, "Schedule"), "Frequency"), frequencies[1]);
    ret->id = xml_member_text(call, root, "Id");
    ret->filter = text_of(call, xml_child(root, "Filter"), "Prefix");
    ret->destination = text_of(call, to, "Bucket");
    ret->prefix = text_of(call, to, "Prefix");
    ret->owner = text_of(call, to, "AccountId");
    ret->encryption = with_key ? "aws:kms" : xml_child(how, "SSE-S3") ? "AES256" : "";
    ret->kms_key = text_of(call, with_key, "KeyId");
    ret->fields = arena_strdup(call->arena, names.data);
    ret->enabled = xml_member_flag(call, root, "IsEnabled", false);
    ret->period_days = weekly ? WEEK_DAYS : 1;
}

/* What there is no report for here. False: refused. */
static bool is_supported(struct call *call, const xml_node *root)
{
    const xml_node *to = xml_child(xml_child(root, "Destination"), "S3BucketDestination");
    if (strcmp(xml_member_text(call, root, "IncludedObjectVersions"), versions[0]))
        return call_refuse_as(call, 501, "NotImplemented",
                              "versions cannot be listed here, only what is current: "
                              "IncludedObjectVersions Current"),
               false;
    if (strcmp(xml_member_text(call, to, "Format"), formats[0]))
        return call_refuse_as(call, 501, "NotImplemented", "reports are CSV here: Format CSV"),
               false;
    return true;
}

/* Whether there is such a bucket: 1, 0, or -1. */
static int has_bucket(struct service *service, struct call *call, const char *bucket,
                      struct error *err)
{
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const char *uri = arena_printf(call->arena, "s3://%s", bucket);
    if (storage_list(service->storage, uri, service->stopping, &list, err) == 0)
        return 1;
    bool named = err->kind == ERROR_NOT_FOUND || err->kind == ERROR_FILE_OPEN;
    return named ? 0 : -1;
}

/* 1: it is fine. 0: refused. */
static int check_destination(struct service *service, struct call *call,
                             const struct inventory_record *record, struct error *err)
{
    static const char code[] = "InvalidS3DestinationBucket";
    const char *bucket = strstr(record->destination, ":s3:::");
    bool plain = bucket && !strncmp(record->destination, "arn:", 4) && bucket[6] &&
                 !strpbrk(bucket + 6, ":/");
    if (!plain)
        return call_refuse_as(call, 400, code, "'%.200s' is no bucket's ARN", record->destination);
    if (storage_makes_buckets(service->storage))
        return 1;
    int r = has_bucket(service, call, bucket + 6, err);
    if (r)
        return r;
    return call_refuse_as(call, 400, code, "there is no bucket '%.200s'", bucket + 6);
}

static int refuse_no_bucket(struct call *call, const char *bucket)
{
    return call_refuse_as(call, 404, "NoSuchBucket", "there is no bucket '%.200s'", bucket);
}

/* --- which one is meant --- */

/* NULL: refused. */
static const char *bucket_of(struct call *call)
{
    size_t length = strcspn(call->authority, ".");
    if (call->name)
        return call->name;
    if (call->authority[length] && strspn(call->authority, "0123456789") < length)
        return arena_strndup(call->arena, call->authority, length);
    (void)call_refuse(call, 400, "which bucket? It is in the path, or in front of the host's name");
    return NULL;
}

/* NULL: refused. */
static const char *id_of(struct call *call)
{
    const char *id = call_query(call, "id");
    if (id && inventory_id_is_valid(id))
        return id;
    (void)call_refuse_as(call, 400, "InvalidConfigurationId",
                         "The specified configuration id is invalid.");
    return NULL;
}

static int refuse_unknown(struct call *call, const struct error *err)
{
    if (err->kind != ERROR_NOT_FOUND)
        return -1;
    return call_refuse_as(call, 404, "NoSuchConfiguration",
                          "The specified configuration does not exist.");
}

/* --- operations --- */

int inventory_put(struct service *service, struct call *call, struct error *err)
{
    CLEANUP(xml_free) struct xml *xml = NULL;
    char why[1024];
    unsigned mask;
    struct inventory_record record = {.bucket = bucket_of(call)};
    const char *id = record.bucket ? id_of(call) : NULL;
    if (!id)
        return 0;
    if (xml_body(call, "InventoryConfiguration", configuration, &xml, err) < 0)
        return call_refuse_as(call, 400, "MalformedXML", "%s", error_text(err, why, sizeof(why)));
    read_configuration(call, xml_root(xml), &record);
    if (!is_supported(call, xml_root(xml)))
        return 0;
    if (strcmp(record.id, id))
        return call_refuse_as(call, 400, "InvalidArgument",
                              "the Id '%.64s' is not the parameter id '%.64s'", record.id, id);
    if (inventory_read_fields(record.fields, &mask, err) < 0)
        return call_refuse_as(call, 400, "MalformedXML", "OptionalFields: %s",
                              error_text(err, why, sizeof(why)));
    int r = has_bucket(service, call, record.bucket, err);
    if (r <= 0)
        return r < 0 ? -1 : refuse_no_bucket(call, record.bucket);
    r = check_destination(service, call, &record, err);
    if (r <= 0)
        return r;
    if (status_inventory_put(service->status, &record, err) < 0)
        return err->kind != ERROR_CONFLICT
                   ? -1
                   : call_refuse_as(call, 400, "TooManyConfigurations", "%s",
                                    error_text(err, why, sizeof(why)));
    if (service->inventories)
        inventories_wake(service->inventories);
    return 0;
}

int inventory_delete(struct service *service, struct call *call, struct error *err)
{
    const char *bucket = bucket_of(call), *id = bucket ? id_of(call) : NULL;
    if (!id)
        return 0;
    if (status_inventory_delete(service->status, bucket, id, err) < 0)
        return refuse_unknown(call, err);
    return 0;
}

static void put_encryption(struct text *out, const struct inventory_record *record)
{
    if (!*record->encryption)
        return;
    put_start(out, "Encryption");
    if (*record->kms_key) {
        put_start(out, "SSE-KMS");
        put_element(out, "KeyId", record->kms_key);
        put_end(out, "SSE-KMS");
    } else {
        put_element(out, "SSE-S3", "");
    }
    put_end(out, "Encryption");
}

static const char *unless_empty(const char *text)
{
    return *text ? text : NULL;
}

static void put_fields(struct text *out, struct call *call, const char *names)
{
    char *rest = arena_strdup(call->arena, names);
    if (!*rest)
        return;
    put_start(out, "OptionalFields");
    for (const char *name; (name = strsep(&rest, ","));)
        put_element(out, "Field", name);
    put_end(out, "OptionalFields");
}

static void put_configuration(struct call *call, const struct inventory_record *record)
{
    struct text *out = &call->reply;
    put_start(out, "Destination");
    put_start(out, "S3BucketDestination");
    put_element(out, "AccountId", unless_empty(record->owner));
    put_element(out, "Bucket", record->destination);
    put_element(out, "Format", formats[0]);
    put_element(out, "Prefix", unless_empty(record->prefix));
    put_encryption(out, record);
    put_end(out, "S3BucketDestination");
    put_end(out, "Destination");
    put_element(out, "IsEnabled", record->enabled ? "true" : "false");
    if (*record->filter) {
        put_start(out, "Filter");
        put_element(out, "Prefix", record->filter);
        put_end(out, "Filter");
    }
    put_element(out, "Id", record->id);
    put_element(out, "IncludedObjectVersions", versions[0]);
    put_fields(out, call, record->fields);
    put_start(out, "Schedule");
    put_element(out, "Frequency", frequencies[record->period_days == WEEK_DAYS]);
    put_end(out, "Schedule");
}

static int list(struct service *service, struct call *call, const char *bucket, struct error *err)
{
    struct page page = {.max = LIST_MAX, .token = call_query(call, "continuation-token")};
    struct inventory_record **records;
    const char *next;
    int count, r = has_bucket(service, call, bucket, err);
    if (r <= 0)
        return r < 0 ? -1 : refuse_no_bucket(call, bucket);
    if (status_inventory_list(service->status, bucket, &page, call->arena, &records, &count, &next,
                              err) < 0)
        return err->kind != ERROR_BAD_REQUEST
                   ? -1
                   : call_refuse_as(call, 400, "InvalidArgument",
                                    "The continuation token provided is incorrect");
    put_document(&call->reply, "ListInventoryConfigurationsResult", call->api->space);
    for (int i = 0; i < count; i++) {
        put_start(&call->reply, "InventoryConfiguration");
        put_configuration(call, records[i]);
        put_end(&call->reply, "InventoryConfiguration");
    }
    put_element(&call->reply, "IsTruncated", next ? "true" : "false");
    put_element(&call->reply, "ContinuationToken", page.token);
    put_element(&call->reply, "NextContinuationToken", next);
    put_end(&call->reply, "ListInventoryConfigurationsResult");
    return 0;
}

/* A header holds no control characters. */
static const char *printable(struct call *call, const char *text)
{
    CLEANUP(text_release) struct text out = {0};
    text_add_printable(&out, text, strlen(text));
    return arena_strdup(call->arena, out.data ? out.data : "");
}

int inventory_get(struct service *service, struct call *call, struct error *err)
{
    const char *bucket = bucket_of(call);
    struct inventory_record *record;
    if (!bucket)
        return 0;
    if (!call_query(call, "id"))
        return list(service, call, bucket, err);
    const char *id = id_of(call);
    if (!id)
        return 0;
    if (status_inventory_get(service->status, bucket, id, call->arena, &record, err) < 0)
        return refuse_unknown(call, err);
    if (*record->manifest)
        call_reply_header(call, "x-mediaconvert-local-manifest", printable(call, record->manifest));
    if (*record->why)
        call_reply_header(call, "x-mediaconvert-local-failure", printable(call, record->why));
    put_document(&call->reply, "InventoryConfiguration", call->api->space);
    put_configuration(call, record);
    put_end(&call->reply, "InventoryConfiguration");
    return 0;
}

void inventory_refuse_rest(const struct service *service, struct call *call)
{
    bool hide = service->auth.access_key; // nobody has been asked for it yet
    const char *place =
        service->place && !hide ? service->place : "where this server has its storage";
    call->allow = NULL;
    if (!strncmp(call->path, S3CONTROL_PATH, strlen(S3CONTROL_PATH)))
        (void)call_refuse_as(call, 501, "NotImplemented", "of S3 Control only batch jobs are here");
    else
        (void)call_refuse_as(call, 501, "NotImplemented",
                             "of S3 only inventory configurations are here: objects are %.300s",
                             place);
}
