/* SPDX-License-Identifier: Apache-2.0 */
#include "http/logs.h"

#include <inttypes.h>
#include <string.h>

#include "function/function.h"
#include "http/call.h"
#include "http/put.h"
#include "http/service.h"
#include "status/page.h"

enum {
    EVENTS_MAX = 10000,
    REPLY_MAX = 1024 * 1024, /* bytes of a page of events, but for the last one */
    STREAM_NAMES_MAX = 100,
    LIST_MAX = 50, /* groups or streams */
};

const struct action logs_actions[] = {
    {"DescribeLogGroups", logs_describe_log_groups},
    {"DescribeLogStreams", logs_describe_log_streams},
    {"FilterLogEvents", logs_filter_log_events},
    {"GetLogEvents", logs_get_log_events},
    {"CreateLogGroup", logs_create_log_group},
    {"DeleteLogGroup", logs_delete_log_group},
    {0},
};

/* --- requests --- */

#define GROUP "logGroupName", "logGroupIdentifier"

/* The body, whose members are those names. What else it asks for is not passed over in silence;
 * the class STANDARD is what all groups have. */
static int read_request(struct call *call, const char *const *names, struct json **ret,
                        struct error *err)
{
    if (call_json(call, ret, err) < 0)
        return -1;
    for (const struct json *member = (*ret)->child; member; member = member->next) {
        int i = 0;
        while (names[i] && !json_same_name(names[i], member->key))
            i++;
        bool standard = json_same_name(member->key, "logGroupClass") &&
                        member->type == JSON_STRING && !strcmp(member->string, "STANDARD");
        if (!names[i] && !standard && !call_asks_nothing(member))
            return error_set(err, ERROR_BAD_REQUEST, "%.80s is not supported here", member->key);
    }
    return 0;
}

static int read_int(const struct json *root, const char *name, int64_t min, int64_t max,
                    int64_t *ret, struct error *err)
{
    const struct json *value = json_member(root, name);
    if (!value || value->type == JSON_NULL)
        return 0;
    if (value->type != JSON_NUMBER || value->number < (double)min || value->number > (double)max ||
        value->number != (double)(int64_t)value->number)
        return error_set(err, ERROR_BAD_REQUEST,
                         "1 validation error detected: Value at '%s' failed to satisfy "
                         "constraint: Member must have value from %" PRId64 " to %" PRId64,
                         name, min, max);
    *ret = (int64_t)value->number;
    return 0;
}

static int no_group(struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "The specified log group does not exist.");
}

/* logGroupName, or logGroupIdentifier, which may be an ARN. *ret is the function's name. */
static int read_group(const struct json *root, const char **ret, struct error *err)
{
    static const char mark[] = ":log-group:";
    const char *name, *identifier;
    if (call_string(root, "logGroupName", false, &name, err) < 0 ||
        call_string(root, "logGroupIdentifier", false, &identifier, err) < 0)
        return -1;
    if (!name == !identifier)
        return error_set(err, ERROR_BAD_REQUEST,
                         "1 validation error detected: Value null at 'logGroupName' failed to "
                         "satisfy constraint: Member must not be null");
    const char *arn = identifier ? strstr(identifier, mark) : NULL;
    name = arn ? arn + strlen(mark) : identifier ? identifier : name;
    if (strncmp(name, LOGS_GROUP_PREFIX, strlen(LOGS_GROUP_PREFIX)))
        return no_group(err);
    *ret = name + strlen(LOGS_GROUP_PREFIX);
    return 0;
}

/* The page of a list that limit and nextToken ask for; `list` is what the token must be of. */
struct list_page {
    int64_t max, start;
};

static int read_page(struct call *call, const struct json *root, const char *list,
                     struct list_page *ret, struct error *err)
{
    const char *token;
    *ret = (struct list_page){.max = LIST_MAX};
    if (read_int(root, "limit", 1, LIST_MAX, &ret->max, err) < 0 ||
        call_string(root, "nextToken", false, &token, err) < 0)
        return -1;
    return token ? page_number(call->arena, list, token, &ret->start, err) : 0;
}

/* --- groups --- */

static const char *group_arn(struct service *service, struct call *call, const char *name)
{
    const struct status_owner *owner = functions_owner(service->functions);
    return arena_printf(call->arena, "arn:aws:logs:%s:%s:log-group:" LOGS_GROUP_PREFIX "%s",
                        owner->region, owner->account, name);
}

static void put_group(struct service *service, struct call *call, const struct log_group *group)
{
    const char *arn = group_arn(service, call, group->name);
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "logGroupName",
               arena_printf(call->arena, LOGS_GROUP_PREFIX "%s", group->name));
    put_number(&call->reply, "creationTime", group->created_us / 1000);
    put_number(&call->reply, "metricFilterCount", 0);
    put_string(&call->reply, "arn", arena_printf(call->arena, "%s:*", arn));
    put_number(&call->reply, "storedBytes", group->bytes);
    put_string(&call->reply, "logGroupClass", "STANDARD");
    put_string(&call->reply, "logGroupArn", arn);
    put_close(&call->reply, '}');
}

/* What the names of functions must begin with, so that their groups begin with `prefix`; NULL if
 * none can. */
static const char *function_prefix(const char *prefix)
{
    size_t common = strlen(LOGS_GROUP_PREFIX), size = strlen(prefix);
    if (strncmp(prefix, LOGS_GROUP_PREFIX, size < common ? size : common))
        return NULL;
    return size < common ? "" : prefix + common;
}

/* The groups that are asked for, by the start of their names or by a part of it. */
static int find_groups(struct service *service, struct call *call, const struct json *root,
                       struct log_group **ret, int *ret_count, struct error *err)
{
    const char *prefix, *part;
    if (call_string(root, "logGroupNamePrefix", false, &prefix, err) < 0 ||
        call_string(root, "logGroupNamePattern", false, &part, err) < 0)
        return -1;
    if (prefix && part)
        return error_set(err, ERROR_BAD_REQUEST,
                         "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                         "parameters.");
    const char *names = function_prefix(prefix ? prefix : "");
    *ret_count = 0;
    if (names && logs_groups(functions_logs(service->functions), names, call->arena, ret, ret_count,
                             err) < 0)
        return -1;
    int kept = 0;
    for (int i = 0; i < *ret_count; i++)
        if (!part ||
            strstr(arena_printf(call->arena, LOGS_GROUP_PREFIX "%s", (*ret)[i].name), part))
            (*ret)[kept++] = (*ret)[i];
    *ret_count = kept;
    return 0;
}

int logs_describe_log_groups(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {"logGroupNamePrefix", "logGroupNamePattern", "limit",
                                          "nextToken", NULL};
    struct json *root;
    struct log_group *groups = NULL;
    struct list_page page;
    int count;
    if (read_request(call, members, &root, err) < 0 ||
        read_page(call, root, "logGroups", &page, err) < 0 ||
        find_groups(service, call, root, &groups, &count, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "logGroups", '[');
    int64_t i = page.start;
    for (; i < count && i < page.start + page.max; i++)
        put_group(service, call, &groups[i]);
    put_close(&call->reply, ']');
    if (i < count)
        put_string(&call->reply, "nextToken", page_token_number(call->arena, "logGroups", i));
    put_close(&call->reply, '}');
    return 0;
}

int logs_create_log_group(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {"logGroupName", NULL};
    struct json *root;
    const char *name;
    if (read_request(call, members, &root, err) < 0 ||
        call_string(root, "logGroupName", true, &name, err) < 0)
        return -1;
    const char *function = function_prefix(name);
    if (!function || !*function)
        return error_set(err, ERROR_BAD_REQUEST,
                         "only what functions print is kept here: '%.100s' is no group of theirs, "
                         "which are called " LOGS_GROUP_PREFIX "NAME",
                         name);
    if (logs_create(functions_logs(service->functions), function, err) < 0)
        return err->kind == ERROR_CONFLICT
                   ? call_refuse(call, 409, "The specified log group already exists")
                   : -1;
    return 0;
}

int logs_delete_log_group(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {GROUP, NULL};
    struct json *root;
    const char *name;
    if (read_request(call, members, &root, err) < 0 || read_group(root, &name, err) < 0)
        return -1;
    if (logs_delete(functions_logs(service->functions), name, err) < 0)
        return err->kind == ERROR_NOT_FOUND ? no_group(err) : -1;
    return 0;
}

/* --- streams --- */

static void put_stream(struct service *service, struct call *call, const char *group,
                       const struct log_stream *stream)
{
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "logStreamName", stream->name);
    put_number(&call->reply, "creationTime", stream->first_ms);
    put_number(&call->reply, "firstEventTimestamp", stream->first_ms);
    put_number(&call->reply, "lastEventTimestamp", stream->last_ms);
    put_number(&call->reply, "lastIngestionTime", stream->last_ms);
    put_string(&call->reply, "arn",
               arena_printf(call->arena, "%s:log-stream:%s", group_arn(service, call, group),
                            stream->name));
    put_number(&call->reply, "storedBytes", 0); // CloudWatch says so, too
    put_close(&call->reply, '}');
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct log_stream *)a)->name, ((const struct log_stream *)b)->name);
}

/* By name, which is the default, or by their last event; from the last where descending. */
static void sort_streams(struct log_stream *streams, int count, bool by_time, bool descending)
{
    if (!by_time)
        qsort(streams, (size_t)count, sizeof(*streams), by_name);
    if (by_time == descending)
        return; // by time they come last first
    for (int i = 0; i < count / 2; i++) {
        struct log_stream other = streams[i];
        streams[i] = streams[count - 1 - i];
        streams[count - 1 - i] = other;
    }
}

static int find_streams(struct service *service, struct call *call, const struct json *root,
                        const char *group, struct log_stream **ret, int *ret_count,
                        struct error *err)
{
    const char *prefix, *order;
    bool descending = false;
    if (call_string(root, "logStreamNamePrefix", false, &prefix, err) < 0 ||
        call_string(root, "orderBy", false, &order, err) < 0 ||
        call_bool(root, "descending", &descending, err) < 0)
        return -1;
    bool by_time = order && strcmp(order, "LastEventTime") == 0;
    if (order && !by_time && strcmp(order, "LogStreamName"))
        return error_set(err, ERROR_BAD_REQUEST,
                         "orderBy must be LogStreamName or LastEventTime, not '%.40s'", order);
    if (by_time && prefix)
        return error_set(err, ERROR_BAD_REQUEST,
                         "Cannot order by LastEventTime with a logStreamNamePrefix.");
    if (logs_streams(functions_logs(service->functions), group, call->arena, ret, ret_count, err) <
        0)
        return err->kind == ERROR_NOT_FOUND ? no_group(err) : -1;
    int kept = 0;
    for (int i = 0; i < *ret_count; i++)
        if (!prefix || strncmp((*ret)[i].name, prefix, strlen(prefix)) == 0)
            (*ret)[kept++] = (*ret)[i];
    *ret_count = kept;
    sort_streams(*ret, kept, by_time, descending);
    return 0;
}

int logs_describe_log_streams(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {GROUP,   "logStreamNamePrefix", "orderBy", "descending",
                                          "limit", "nextToken",           NULL};
    struct json *root;
    struct log_stream *streams;
    struct list_page page;
    const char *group;
    int count;
    if (read_request(call, members, &root, err) < 0 || read_group(root, &group, err) < 0 ||
        read_page(call, root, "logStreams", &page, err) < 0 ||
        find_streams(service, call, root, group, &streams, &count, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "logStreams", '[');
    int64_t i = page.start;
    for (; i < count && i < page.start + page.max; i++)
        put_stream(service, call, group, &streams[i]);
    put_close(&call->reply, ']');
    if (i < count)
        put_string(&call->reply, "nextToken", page_token_number(call->arena, "logStreams", i));
    put_close(&call->reply, '}');
    return 0;
}

/* --- events --- */

/* `inclusive`: what has happened at endTime is asked for, too. */
static int read_times(const struct json *root, bool inclusive, struct log_query *query,
                      struct error *err)
{
    const int64_t max_ms = (int64_t)1 << 52;
    int64_t end_ms = -1;
    if (read_int(root, "startTime", 0, max_ms, &query->from_ms, err) < 0 ||
        read_int(root, "endTime", 0, max_ms, &end_ms, err) < 0)
        return -1;
    query->ends = end_ms >= 0;
    query->to_ms = end_ms + inclusive;
    return 0;
}

static int read_limit(const struct json *root, struct log_query *query, struct error *err)
{
    int64_t limit = EVENTS_MAX;
    if (read_int(root, "limit", 1, EVENTS_MAX, &limit, err) < 0)
        return -1;
    query->max = (int)limit;
    return 0;
}

static int read_token(struct call *call, const struct json *root, struct log_query *query,
                      struct error *err)
{
    const char *token;
    if (call_string(root, "nextToken", false, &token, err) < 0)
        return -1;
    if (token && page_number(call->arena, query->group, token, &query->after, err) < 0)
        return error_set(err, ERROR_BAD_REQUEST, "The specified nextToken is invalid.");
    return 0;
}

static int read_events(struct service *service, struct call *call, const struct log_query *query,
                       struct log_event **ret, int *ret_count, int64_t *ret_end, bool *ret_more,
                       struct error *err)
{
    if (logs_read(functions_logs(service->functions), query, call->arena, ret, ret_count, ret_end,
                  ret_more, err) == 0)
        return 0;
    return err->kind == ERROR_NOT_FOUND ? no_group(err) : -1;
}

/* Whether one of several names that were asked for is the event's stream. */
static bool is_of_stream(const struct json *names, const struct log_event *event)
{
    for (const struct json *name = names->child; name; name = name->next)
        if (strcmp(name->string, event->stream) == 0)
            return true;
    return false;
}

static int read_streams(const struct json *root, const struct json **ret_names,
                        struct log_query *query, struct error *err)
{
    const struct json *names = json_member(root, "logStreamNames");
    int count = 0;
    *ret_names = NULL;
    if (call_string(root, "logStreamNamePrefix", false, &query->prefix, err) < 0)
        return -1;
    if (!names || names->type == JSON_NULL)
        return 0;
    if (names->type != JSON_ARRAY || query->prefix)
        return error_set(err, ERROR_BAD_REQUEST,
                         "logStreamNames must be a list, and without a logStreamNamePrefix");
    for (const struct json *name = names->child; name; name = name->next)
        if (name->type != JSON_STRING || ++count > STREAM_NAMES_MAX)
            return error_set(err, ERROR_BAD_REQUEST, "logStreamNames must be at most %d strings",
                             STREAM_NAMES_MAX);
    *ret_names = names;
    return 0;
}

/* `whole`: as FilterLogEvents has it. */
static void put_event(struct call *call, const char *group, const struct log_event *event,
                      bool whole)
{
    put_open(&call->reply, NULL, '{');
    if (whole)
        put_string(&call->reply, "logStreamName", event->stream);
    put_number(&call->reply, "timestamp", event->at_ms);
    put_string(&call->reply, "message",
               arena_printf(call->arena, "%.*s\n", (int)event->size, event->message));
    put_number(&call->reply, "ingestionTime", event->at_ms);
    if (whole)
        put_string(&call->reply, "eventId",
                   arena_printf(call->arena, "%s:%" PRId64, group, event->position));
    put_close(&call->reply, '}');
}

/* As many as an answer takes. Returns how many, and behind which position it goes on. */
static int put_events(struct call *call, const char *group, const struct log_event *events,
                      int count, const struct json *names, bool whole)
{
    int i = 0;
    for (; i < count && call->reply.size < REPLY_MAX; i++)
        if (!names || is_of_stream(names, &events[i]))
            put_event(call, group, &events[i], whole);
    return i;
}

/* `interleaved` says nothing: they always are. Nor does `unmask`: nothing is masked. */
int logs_filter_log_events(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {
        GROUP,   "logStreamNames", "logStreamNamePrefix", "startTime", "endTime", "filterPattern",
        "limit", "nextToken",      "interleaved",         "unmask",    NULL};
    struct json *root;
    const struct json *names;
    struct log_query query = {0};
    struct log_event *events;
    int64_t end;
    int count;
    bool more;
    if (read_request(call, members, &root, err) < 0 || read_group(root, &query.group, err) < 0 ||
        read_times(root, true, &query, err) < 0 || read_limit(root, &query, err) < 0 ||
        call_string(root, "filterPattern", false, &query.pattern, err) < 0 ||
        (query.pattern && log_pattern_check(query.pattern, err) < 0) ||
        read_streams(root, &names, &query, err) < 0 || read_token(call, root, &query, err) < 0 ||
        read_events(service, call, &query, &events, &count, &end, &more, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "events", '[');
    int put = put_events(call, query.group, events, count, names, true);
    put_close(&call->reply, ']');
    put_json(&call->reply, "searchedLogStreams", "[]");
    if (put < count || more)
        put_string(&call->reply, "nextToken",
                   page_token_number(call->arena, query.group,
                                     put < count ? events[put - 1].position : end));
    put_close(&call->reply, '}');
    return 0;
}

/* Forward only: what comes before a page is not asked for by a token. */
int logs_get_log_events(struct service *service, struct call *call, struct error *err)
{
    static const char *const members[] = {GROUP,       "logStreamName", "startTime",
                                          "endTime",   "startFromHead", "limit",
                                          "nextToken", "unmask",        NULL};
    struct json *root;
    struct log_query query = {0};
    struct log_event *events;
    int64_t end;
    int count;
    bool more, from_head = false;
    if (read_request(call, members, &root, err) < 0 || read_group(root, &query.group, err) < 0 ||
        call_string(root, "logStreamName", true, &query.stream, err) < 0 ||
        read_times(root, false, &query, err) < 0 || read_limit(root, &query, err) < 0 ||
        call_bool(root, "startFromHead", &from_head, err) < 0 ||
        read_token(call, root, &query, err) < 0)
        return -1;
    query.newest = !from_head && !query.after;
    if (read_events(service, call, &query, &events, &count, &end, &more, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "events", '[');
    int put = put_events(call, query.group, events, count, NULL, false);
    put_close(&call->reply, ']');
    put_string(
        &call->reply, "nextForwardToken",
        page_token_number(call->arena, query.group, put < count ? events[put - 1].position : end));
    put_close(&call->reply, '}');
    return 0;
}
