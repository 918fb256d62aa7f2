/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <libxml/parser.h>
#include "base/clock.h"
#include "s3/digest.h"
#include "s3/failure.h"
#include "s3/sigv4.h"

enum { IDLE_MAX = 16, FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 5000, RETRY_AFTER_MAX_S = 30 };

/* Of a bucket that is in another region than the client's. */
struct bucket_region {
    struct bucket_region *next;
    const char *bucket;
    char region[64];
};

struct client {
    struct arena *arena;
    struct target endpoint;
    bool has_endpoint, virtual_host;
    struct sigv4_key key;
    const char *ca_bundle;
    _Atomic int64_t skew_us; /* the server's clock less ours */
    _Atomic int64_t retries;

    pthread_mutex_t lock;
    /* ---- guarded by lock, and so is the arena once requests are sent ---- */
    struct bucket_region *regions;
    struct http *idle[IDLE_MAX];
    int idle_count;
};

static void copy_credentials(struct client *client, const struct credentials *from)
{
    struct arena *arena = client->arena;
    client->key = (struct sigv4_key){
        .access_key = arena_strdup(arena, from->access_key),
        .secret_key = arena_strdup(arena, from->secret_key),
        .session_token = from->session_token ? arena_strdup(arena, from->session_token) : NULL,
        .region = arena_strdup(arena, from->region),
        .service = "s3",
    };
}

static int take_endpoint(struct client *client, const struct client_options *options,
                         struct error *err)
{
    struct target *endpoint = &client->endpoint;
    if (target_parse(client->arena, options->endpoint, endpoint, ERROR_BAD_REQUEST, err) < 0)
        return -1;
    if (endpoint->query)
        return error_set(err, ERROR_BAD_REQUEST, "the endpoint '%s' has a query",
                         options->endpoint);
    size_t length = strlen(endpoint->path);
    while (length && endpoint->path[length - 1] == '/')
        length--;
    endpoint->path = arena_strndup(client->arena, endpoint->path, length);
    client->has_endpoint = true;
    client->virtual_host = options->virtual_host;
    copy_credentials(client, options->credentials);
    return 0;
}

int client_new(struct client **ret, const struct client_options *options, struct error *err)
{
    CLEANUP(client_free) struct client *client = calloc(1, sizeof(*client));
    if (!client)
        return error_set(err, ERROR_BUG, "out of memory");
    client->arena = arena_new();
    pthread_mutex_init(&client->lock, NULL);
    xmlInitParser(); // before there are threads

    const char *bundle = environment("AWS_CA_BUNDLE");
    client->ca_bundle = bundle ? arena_strdup(client->arena, bundle) : NULL;
    if (options->endpoint && take_endpoint(client, options, err) < 0)
        return -1;
    *ret = TAKE(client);
    return 0;
}

void client_free(struct client **client)
{
    if (!*client)
        return;
    for (int i = 0; i < (*client)->idle_count; i++)
        http_free(&(*client)->idle[i]);
    pthread_mutex_destroy(&(*client)->lock);
    arena_free(&(*client)->arena);
    free(*client);
    *client = NULL;
}

void answer_release(struct answer *answer)
{
    text_release(&answer->text);
}

/* --- the pool --- */

static int take_connection(struct client *client, struct http **ret, struct error *err)
{
    struct http *http = NULL;
    pthread_mutex_lock(&client->lock);
    if (client->idle_count)
        http = client->idle[--client->idle_count];
    pthread_mutex_unlock(&client->lock);
    if (!http)
        return http_new(ret, client->ca_bundle, err);
    *ret = http;
    return 0;
}

static void give_connection(struct client *client, struct http **http)
{
    pthread_mutex_lock(&client->lock);
    if (*http && client->idle_count < IDLE_MAX)
        client->idle[client->idle_count++] = TAKE(*http);
    pthread_mutex_unlock(&client->lock);
    http_free(http);
}

/* --- where buckets are --- */

/* NULL if nothing is known of it. With the lock held. */
static struct bucket_region *known_region(struct client *client, const char *bucket)
{
    struct bucket_region *known = client->regions;
    while (known && strcmp(known->bucket, bucket))
        known = known->next;
    return known;
}

/* In the arena. */
static const char *region_of(struct client *client, struct arena *arena, const char *bucket)
{
    pthread_mutex_lock(&client->lock);
    const struct bucket_region *known = bucket ? known_region(client, bucket) : NULL;
    const char *region = arena_strdup(arena, known ? known->region : client->key.region);
    pthread_mutex_unlock(&client->lock);
    return region;
}

static void remember_region(struct client *client, const char *bucket, const char *region)
{
    pthread_mutex_lock(&client->lock);
    struct bucket_region *known = known_region(client, bucket);
    if (!known) {
        known = ARENA_NEW(client->arena, struct bucket_region);
        known->bucket = arena_strdup(client->arena, bucket);
        known->next = client->regions;
        client->regions = known;
    }
    snprintf(known->region, sizeof(known->region), "%s", region);
    pthread_mutex_unlock(&client->lock);
}

/* --- one try --- */

/* A request on its way, with what stays the same from try to try. */
struct sending {
    struct client *client;
    const struct request *request;
    struct arena *arena;
    struct target first, target; /* where it began, where it goes now */
    const char *region;
    bool region_named; /* by a refusal */
    bool redirected;   /* the target is what a Location said */
    int64_t began_us;
    char payload[SHA256_HEX_SIZE];
    struct http *http;
    struct http_response response;
};

static const char *object_path(struct arena *arena, const char *base, const char *bucket,
                               const char *key)
{
    CLEANUP(text_release) struct text path = {0};
    text_add(&path, "%s/", base);
    if (bucket) {
        uri_encode(&path, bucket, "");
        text_add(&path, "%s", key ? "/" : "");
    }
    uri_encode(&path, key ? key : "", "/");
    return arena_strdup(arena, path.data);
}

/* Whether a bucket's name may stand in a host's: anything else could make another host of it. A
 * certificate for all buckets is not one for those with a dot. */
static bool may_be_in_host(const struct target *endpoint, const char *bucket)
{
    size_t length = strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    bool secure = !strncmp(endpoint->origin, "https:", strlen("https:"));
    return length && !bucket[length] && *bucket != '.' && bucket[length - 1] != '.' &&
           !strstr(bucket, secure ? "." : "..");
}

/* Where requests for a bucket, or for the service, begin. */
static void find_endpoint(struct sending *sending)
{
    const struct client *client = sending->client;
    const struct request *request = sending->request;
    const char *in_path = request->bucket;
    sending->first = client->endpoint;
    if (strcmp(sending->region, client->key.region))
        target_into_region(sending->arena, &sending->first, client->key.region, sending->region);
    if (client->virtual_host && request->bucket &&
        may_be_in_host(&sending->first, request->bucket)) {
        target_into_host(sending->arena, &sending->first, request->bucket);
        in_path = NULL;
    }
    sending->first.path = object_path(sending->arena, client->endpoint.path, in_path, request->key);
}

static int find_target(struct sending *sending, struct error *err)
{
    const struct request *request = sending->request;
    if (request->url)
        return target_parse(sending->arena, request->url, &sending->first, ERROR_FILE_OPEN, err);
    sending->region = region_of(sending->client, sending->arena, request->bucket);
    find_endpoint(sending);
    return 0;
}

/* From now on, for another region; false if that is no news, or not the first. */
static bool change_region(struct sending *sending, const char *region)
{
    if (!*region || sending->region_named || !strcmp(sending->region, region))
        return false;
    sending->region_named = true;
    sending->region = arena_strdup(sending->arena, region);
    if (sending->request->bucket)
        remember_region(sending->client, sending->request->bucket, region);
    find_endpoint(sending);
    return true;
}

static void add_field(struct field *fields, int *count, const char *name, const char *value)
{
    if (value)
        fields[(*count)++] = (struct field){name, value};
}

/* Whether the Location that it was sent on to has a query, in place of the request's. */
static bool query_located(const struct sending *sending)
{
    return sending->redirected && sending->target.query;
}

/* Adds the headers that only a signed request has; the last one is the signature. */
static void sign(struct sending *sending, struct field *headers, int *count)
{
    struct client *client = sending->client;
    const struct request *request = sending->request;
    struct sigv4_key key = client->key;
    key.region = sending->region;
    char now[SIGV4_TIME_SIZE];
    sigv4_time(clock_true_us() + atomic_load(&client->skew_us), now);
    add_field(headers, count, "x-amz-content-sha256", sending->payload);
    add_field(headers, count, "x-amz-date", arena_strdup(sending->arena, now));
    add_field(headers, count, "x-amz-security-token", key.session_token);

    struct field located[FIELDS_MAX];
    bool own_query = !query_located(sending);
    struct sigv4_request to_sign = {
        .method = request->method,
        .path = sending->target.path,
        .query = own_query ? request->query : located,
        .query_count = own_query ? request->query_count
                                 : uri_take_query(sending->arena, sending->target.query, located),
        .headers = headers,
        .headers_count = *count,
        .payload = sending->payload,
    };
    CLEANUP(text_release) struct text authorization = {0};
    sigv4_authorization(&key, &to_sign, now, &authorization);
    add_field(headers, count, "Authorization", arena_strdup(sending->arena, authorization.data));
}

static int collect_headers(struct sending *sending, struct field headers[FIELDS_MAX])
{
    const struct request *request = sending->request;
    int count = 0;
    add_field(headers, &count, "Host", sending->target.host);
    for (int i = 0; i < request->headers_count; i++)
        headers[count++] = request->headers[i];
    if (request->into)
        add_field(headers, &count, "Range",
                  arena_printf(sending->arena, "bytes=%lld-%lld", (long long)request->first,
                               (long long)request->first + (long long)request->into_size - 1));
    // A weak ETag matches nothing; what comes is compared in any case.
    if (request->pinned && *request->pinned->etag && strncmp(request->pinned->etag, "W/", 2))
        add_field(headers, &count, "If-Match",
                  arena_printf(sending->arena, "\"%s\"", request->pinned->etag));
    if (!request->url && !(sending->redirected && target_is_signed(&sending->target)))
        sign(sending, headers, &count);
    return count;
}

static enum http_outcome send_once(struct sending *sending)
{
    const struct request *request = sending->request;
    struct field headers[FIELDS_MAX];
    struct target target = sending->target;
    CLEANUP(text_release) struct text query = {0};
    uri_add_query(&query, request->query, request->query_count);
    if (query.size && !query_located(sending))
        target.query = query.data;

    struct http_request exchange = {
        .method = request->method,
        .url = target_url(sending->arena, &target),
        .headers = headers,
        .headers_count = collect_headers(sending, headers),
        .body = {request->body[0], request->body[1]},
        .into = request->into,
        .into_size = request->into_size,
        .text_max = request->text_max ? request->text_max : CLIENT_TEXT_MAX,
        .slow_s = request->slow_s ? request->slow_s : CLIENT_SLOW_S,
        .limit_s = request->hurried ? CLIENT_HURRIED_S : 0,
        .cancel = request->cancel,
    };
    return http_send(sending->http, &exchange, &sending->response);
}

static void learn_clock(struct sending *sending)
{
    int64_t server_us = failure_date_us(sending->http, "Date");
    if (server_us >= 0)
        atomic_store(&sending->client->skew_us, server_us - clock_true_us());
}

/* From a Location. What is signed by us stays with the server whose keys we have. */
static int follow(struct sending *sending, struct error *err)
{
    enum error_kind kind = sending->request->url ? ERROR_HTTP_UNKNOWN : ERROR_FILE_OPEN;
    if (target_follow(sending->arena, &sending->target, http_header(sending->http, "Location"),
                      &sending->target, kind, err) < 0)
        return -1;
    sending->redirected = true;
    if (!sending->request->url && !target_is_signed(&sending->target) &&
        !target_is_within(&sending->client->endpoint, &sending->target))
        return error_set(err, kind, "redirected to another server, '%s'", sending->target.host);
    return 0;
}

/* Whether the server may have done what it was asked, or part of it, and not have said so. */
static bool is_in_doubt(enum http_outcome outcome, const struct http_response *response)
{
    int status = response->status;
    if (outcome == HTTP_IMPOSSIBLE)
        return false;
    if (response->sent_again || (outcome != HTTP_ANSWERED && outcome != HTTP_TOO_LONG))
        return true;
    return status / 100 == 2 || (status / 100 == 5 && status != 501 && status != 503);
}

/* Sends it where it goes and, while it is sent on, there. */
static enum verdict try_once(struct sending *sending, struct answer *answer, struct error *err)
{
    const struct request *request = sending->request;
    sending->target = sending->first;
    sending->redirected = false;
    for (int redirects = 0;; redirects++) {
        if (!sending->http && take_connection(sending->client, &sending->http, err) < 0)
            return VERDICT_FAILED;
        enum http_outcome outcome = send_once(sending);
        enum verdict verdict =
            failure_judge(request, sending->http, outcome, &sending->response, answer, err);
        answer->in_doubt |= verdict != VERDICT_DONE && is_in_doubt(outcome, &sending->response);
        if (verdict == VERDICT_SKEWED)
            learn_clock(sending);
        if (verdict != VERDICT_REDIRECTED && verdict != VERDICT_REGION)
            return verdict;
        bool changed = change_region(sending, answer->region);
        if (redirects == CLIENT_REDIRECTS || (verdict == VERDICT_REGION && !changed))
            return VERDICT_FAILED;
        if (verdict == VERDICT_REDIRECTED && follow(sending, err) < 0)
            return VERDICT_FAILED;
        if (verdict == VERDICT_REGION) {
            sending->target = sending->first;
            sending->redirected = false;
        }
    }
}

/* --- again and again --- */

/* What Retry-After says, in seconds or as a date; 0: nothing. */
static int64_t asked_pause_us(const struct sending *sending)
{
    const int64_t most_us = RETRY_AFTER_MAX_S * INT64_C(1000000);
    const char *after = sending->response.status ? http_header(sending->http, "Retry-After") : NULL;
    if (!after)
        return 0;
    char *end;
    int64_t us = strtol(after, &end, 10);
    us = us < RETRY_AFTER_MAX_S ? us * 1000000 : most_us;
    if (end == after || *end) {
        int64_t until_us = failure_date_us(sending->http, "Retry-After");
        int64_t now_us = failure_date_us(sending->http, "Date");
        us = until_us < 0 ? 0 : until_us - (now_us < 0 ? clock_true_us() : now_us);
    }
    return us < 0 ? 0 : us < most_us ? us : most_us;
}

/* Grows from try to try; random, so that many clients do not come back together. */
static int64_t pause_us(const struct sending *sending, int tries)
{
    int64_t asked_us = asked_pause_us(sending);
    if (asked_us)
        return asked_us;

    int64_t most = (int64_t)FIRST_PAUSE_MS << (tries - 1);
    if (most > LONGEST_PAUSE_MS)
        most = LONGEST_PAUSE_MS;
    uint16_t chance = 0;
    (void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
    return most * 500 + most * 500 * chance / UINT16_MAX;
}

/* Whether there is time for another try after such a pause. */
static bool has_time(const struct sending *sending, int64_t pause_us)
{
    return !sending->request->hurried || clock_monotonic_us() + pause_us - sending->began_us <
                                             CLIENT_HURRIED_ALL_S * INT64_C(1000000);
}

/* false if it was cut short by a cancel. */
static bool wait_for(int64_t us, struct cancel *cancel)
{
    const int64_t slice_us = 50 * 1000, end_us = clock_monotonic_us() + us;
    for (int64_t left_us; (left_us = end_us - clock_monotonic_us()) > 0;) {
        if (cancel_requested(cancel))
            return false;
        int64_t now_us = left_us < slice_us ? left_us : slice_us;
        nanosleep(&(struct timespec){.tv_nsec = (long)now_us * 1000}, NULL);
    }
    return !cancel_requested(cancel);
}

static int send_until_answered(struct sending *sending, struct answer *ret, struct error *err)
{
    bool by_their_clock = false;
    for (int tries = 1;; tries++) {
        enum verdict verdict = try_once(sending, ret, err);
        bool once_more = verdict == VERDICT_SKEWED && !by_their_clock;
        if (verdict == VERDICT_DONE)
            return 0;
        if (verdict != VERDICT_AGAIN && !once_more)
            return -1;
        int64_t us = once_more ? 0 : pause_us(sending, tries);
        if (tries == CLIENT_TRIES || !has_time(sending, us))
            return error_add(err, "%d tries", tries);
        by_their_clock |= once_more;
        http_free(&sending->http); // whatever else is on that connection is not for us
        if (!wait_for(us, sending->request->cancel))
            return error_set(err, ERROR_CANCELED, "canceled");
        atomic_fetch_add(&sending->client->retries, 1);
    }
}

int client_send(struct client *client, const struct request *request, struct answer *ret,
                struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct sending sending = {
        .client = client,
        .request = request,
        .arena = arena,
        .began_us = clock_monotonic_us(),
    };
    sending.response.text = ret->text; // its memory is used again
    if (!request->url)
        digest_sha256(request->body, sending.payload);

    int r = find_target(&sending, err);
    if (r == 0)
        r = send_until_answered(&sending, ret, err);
    ret->text = sending.response.text;
    if (r == 0)
        give_connection(client, &sending.http);
    http_free(&sending.http);
    if (r < 0 && err->kind != ERROR_CANCELED)
        return error_add(err, "cannot %s '%s'", request->verb, request->uri);
    return r;
}

const char *client_region(const struct client *client)
{
    return client->key.region;
}

int64_t client_retries(const struct client *client)
{
    return atomic_load(&client->retries);
}

const char *client_presign(struct client *client, struct arena *arena, const char *bucket,
                           const char *key, int seconds)
{
    struct request request = {.method = "GET", .bucket = bucket, .key = key};
    struct sending sending = {.client = client, .request = &request, .arena = arena};
    struct sigv4_key signer = client->key;
    struct error never;
    (void)!find_target(&sending, &never); // an endpoint is known to be one
    signer.region = sending.region;
    const struct field host = {"host", sending.first.host};
    struct sigv4_request to_sign = {
        .method = "GET",
        .path = sending.first.path,
        .headers = &host,
        .headers_count = 1,
        .payload = SIGV4_UNSIGNED,
    };
    char now[SIGV4_TIME_SIZE];
    CLEANUP(text_release) struct text query = {0};
    sigv4_time(clock_true_us() + atomic_load(&client->skew_us), now);
    sigv4_presign(&signer, &to_sign, now, seconds, &query);
    sending.first.query = query.data;
    return target_url(arena, &sending.first);
}
