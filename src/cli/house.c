/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/house.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/program.h"
#include "batch/inventories.h"
#include "batch/uploads.h"
#include "dispatch/dispatcher.h"
#include "events/targets.h"
#include "http/lambda_queue.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/submitter.h"
#include "s3/credentials.h"
#include "status/jobs.h"

#define ACCOUNT_DEFAULT "111122223333"
#define REGION_DEFAULT  "us-east-1"

enum {
    STORE_WORDS_MAX = 6,
    ENVIRONMENT_MAX = 16,
    KEPT_DAYS = 90, /* jobs that have ended */
    DRAIN_US = 30 * 1000000,
};

const char *const house_speeds[] = {"normal", "draft", NULL};

struct house {
    const struct house_arguments *arguments;
    const struct house_options *options;
    struct arena *arena;

    /* What the arguments and the environment come to. */
    struct status_owner owner;
    const char *data, *job;
    const char *store_words[STORE_WORDS_MAX];
    const char *probe_words[STORE_WORDS_MAX + 3];
    const char *environment[ENVIRONMENT_MAX + 1]; /* of functions */
    int environment_count;
    struct http_function http_functions[OPTION_LIST_MAX];
    struct batch_builtin builtin;
    char media_program[PATH_MAX];

    /* Everything that runs, in the order in which it is started. */
    struct service service;
    struct submitting submitting;
    struct status *status;
    struct storage *storage;
    struct targets *targets;
    struct listening listening;
    struct functions *functions;
    struct lambda_queue *lambda_queue;
    struct dispatcher *dispatcher;
    struct batches *batches;
    struct inventories *inventories;
    struct uploads *uploads;
    struct server *server;

    int64_t updated_us, forgotten_us; /* when that was last done */
};

/* --- what the arguments and the environment come to --- */

static int read_owner(struct house *house, struct error *err)
{
    const struct house_arguments *arguments = house->arguments;
    const char *region = arguments->region           ? arguments->region
                         : environment("AWS_REGION") ? environment("AWS_REGION")
                                                     : environment("AWS_DEFAULT_REGION");
    region = region ? region : REGION_DEFAULT;
    const char *account = arguments->account ? arguments->account : ACCOUNT_DEFAULT;
    if (strlen(account) != 12 || strspn(account, "0123456789") != 12)
        return error_set(err, ERROR_BAD_REQUEST, "--account takes 12 digits, not '%s'", account);
    if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region) ||
        strlen(region) > 64)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no region's name", region);
    house->owner = (struct status_owner){region, account};
    return 0;
}

static int read_auth(struct house *house, struct error *err)
{
    struct auth *auth = &house->service.auth;
    auth->access_key = environment("AWS_ACCESS_KEY_ID");
    auth->secret_key = environment("AWS_SECRET_ACCESS_KEY");
    auth->token = house->options->token;
    if (!auth->access_key != !auth->secret_key)
        return error_set(err, ERROR_BAD_REQUEST,
                         "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: one is not set");
    return 0;
}

/* How a worker and a probe are told where s3:// names are; what the environment says they inherit.
 */
static void make_words(struct house *house)
{
    const struct store_arguments *store = &house->arguments->store;
    int count = 0;
    if (store->folder) {
        house->store_words[count++] = "--storage";
        house->store_words[count++] = store->folder;
    }
    if (store->endpoint) {
        house->store_words[count++] = "--s3-endpoint";
        house->store_words[count++] = store->endpoint;
    }
    if (store->virtual_host)
        house->store_words[count++] = "--s3-virtual-host";
    house->probe_words[0] = house->media_program;
    house->probe_words[1] = "probe";
    house->probe_words[2] = "--json";
    memcpy(house->probe_words + 3, house->store_words, sizeof(house->store_words));
}

int house_read_file(struct arena *arena, const char *path, size_t max, const char **ret,
                    size_t *ret_size, struct error *err)
{
    CLEANUP(text_release) struct text text = {0};
    char piece[16 * 1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : 1;
    while (size > 0 && text.size <= max) {
        size = read(fd, piece, sizeof(piece));
        if (size > 0)
            text_append(&text, piece, (size_t)size);
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return error_set(err, ERROR_BAD_REQUEST, "cannot read '%s': %s", path, strerror(why));
    if (!text.size || text.size > max)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is empty, or longer than %zu bytes", path,
                         max);
    *ret = arena_strndup(arena, text.data, text.size);
    *ret_size = text.size;
    return 0;
}

static int read_job(struct house *house, struct error *err)
{
    const char *file = house->arguments->job;
    struct json *root;
    size_t at;
    if (!file)
        return 0;
    size_t size;
    if (house_read_file(house->arena, file, JSON_MAX_BYTES, &house->job, &size, err) < 0)
        return error_add(err, "--job");
    if (json_parse(house->arena, house->job, strlen(house->job), &root, &at, err) < 0)
        return error_add(err, "--job '%s': byte %zu", file, at);
    return 0;
}

static int read_http_functions(struct house *house, struct error *err)
{
    const struct option_list *list = &house->arguments->http_functions;
    for (int i = 0; i < list->count; i++) {
        const char *url = strchr(list->items[i], '=');
        if (!url || url == list->items[i] ||
            (strncmp(url, "=http://", 8) != 0 && strncmp(url, "=https://", 9) != 0))
            return error_set(err, ERROR_BAD_REQUEST, "--http-function takes NAME=URL, not '%s'",
                             list->items[i]);
        size_t length = (size_t)(url - list->items[i]);
        house->http_functions[i] =
            (struct http_function){arena_strndup(house->arena, list->items[i], length), url + 1};
    }
    return 0;
}

static int read_setup(struct house *house, struct error *err)
{
    house->data = house->arguments->data ? house->arguments->data : DATA_DEFAULT;
    if (read_owner(house, err) < 0 || read_auth(house, err) < 0 || read_job(house, err) < 0 ||
        read_http_functions(house, err) < 0 || program_media_path(house->media_program, err) < 0)
        return -1;
    make_words(house);
    return 0;
}

/* --- what functions are told --- */

static void tell(struct house *house, const char *name, const char *value)
{
    if (value && house->environment_count < ENVIRONMENT_MAX)
        house->environment[house->environment_count++] =
            arena_printf(house->arena, "%s=%s", name, value);
}

/* The keys that this server or the S3 server wants to see. Any will do where neither wants one, and
 * whatever ~/.aws has then is for AWS and nothing of a function's. */
static void tell_keys(struct house *house)
{
    const struct credentials any = {.access_key = "local", .secret_key = "local"};
    struct credentials found = any;
    struct error none;
    bool wanted = house->service.auth.access_key || store_endpoint(&house->arguments->store);
    if (wanted && credentials_find(house->arena, &found, &none) < 0)
        found = any;
    tell(house, "AWS_ACCESS_KEY_ID", found.access_key);
    tell(house, "AWS_SECRET_ACCESS_KEY", found.secret_key);
    tell(house, "AWS_SESSION_TOKEN", found.session_token);
}

/* S3 Control, before the name of whose host the SDKs put an account: that needs a name to stand
 * before, which only the usual address has. */
static const char *s3control_url(struct house *house)
{
    static const char *const usual[] = {
        "http://127.0.0.1:", "http://[::1]:", "http://0.0.0.0:", "http://[::]:"};
    const char *url = house->listening.url;
    for (size_t i = 0; i < COUNT(usual); i++)
        if (strncmp(url, usual[i], strlen(usual[i])) == 0)
            return arena_printf(house->arena, "http://localhost%s", strrchr(url, ':'));
    return url;
}

/* Every service at our address, also those that are not here: a function that asks for one is
 * refused and does not come to AWS. S3 is where it is. */
static void make_environment(struct house *house)
{
    static const char *const ours[] = {"MEDIACONVERT", "LAMBDA", "IAM", "STS", "CLOUDWATCH_LOGS"};
    const char *url = house->listening.url;
    tell(house, "AWS_ENDPOINT_URL", url);
    for (size_t i = 0; i < COUNT(ours); i++)
        tell(house, arena_printf(house->arena, "AWS_ENDPOINT_URL_%s", ours[i]), url);
    tell(house, "AWS_ENDPOINT_URL_S3_CONTROL", s3control_url(house));
    tell(house, "AWS_ENDPOINT_URL_S3", store_endpoint(&house->arguments->store));
    tell_keys(house);
}

/* --- starting --- */

static int add_targets(struct house *house, struct error *err)
{
    const struct house_options *options = house->options;
    if (options->events_file &&
        targets_add(house->targets, &target_file, options->events_file, err) < 0)
        return -1;
    for (int i = 0; options->webhooks && i < options->webhooks->count; i++)
        if (targets_add(house->targets, &target_webhook, options->webhooks->items[i], err) < 0)
            return -1;
    return 0;
}

static int start_functions(struct house *house, struct error *err)
{
    make_environment(house);
    struct functions_options functions = {
        .status = house->status,
        .folder = arena_printf(house->arena, "%s/functions", house->data),
        .logs_folder = arena_printf(house->arena, "%s/logs", house->data),
        .owner = house->owner,
        .environment = house->environment,
        .concurrent = house->arguments->function_concurrency,
        .log = house->options->log,
    };
    if (functions_new(&house->functions, &functions, err) < 0)
        return -1;
    struct lambda_queue_options queue = {
        .status = house->status,
        .functions = house->functions,
        .retry_us = (int64_t)house->arguments->event_retry_s * 1000000,
        .log = house->options->log,
    };
    return lambda_queue_start(&house->lambda_queue, &queue, err);
}

static int start_dispatcher(struct house *house, struct error *err)
{
    struct dispatcher_options dispatch = {
        .store_words = house->store_words,
        .worker_program = house->media_program,
        .concurrent = house->arguments->concurrent,
        .draft = house->arguments->speed == 1,
        .threads = house->arguments->threads,
        .delay_us = house->options->queue_delay_us,
        .memory_max = (int64_t)house->arguments->worker_memory_mib << 20,
        .cpu_max_s = house->arguments->worker_cpu_s,
        .log = house->options->log,
    };
    return dispatcher_start(&house->dispatcher, house->status, house->storage, &dispatch, err);
}

static struct batch_builtin make_builtin(struct house *house)
{
    const struct house_arguments *arguments = house->arguments;
    return (struct batch_builtin){
        .job = house->job,
        .output_bucket = arguments->output_bucket,
        .role = arguments->role
                    ? arguments->role
                    : arena_printf(house->arena, "arn:aws:iam::%s:role/MediaConvertRole",
                                   house->owner.account),
        .application = arguments->application,
    };
}

static int start_batches(struct house *house, struct error *err)
{
    const struct house_arguments *arguments = house->arguments;
    house->builtin = make_builtin(house);
    submitting_init(&house->submitting, &house->service);
    struct batches_options batches = {
        .status = house->status,
        .storage = house->storage,
        .functions = house->functions,
        .submitter = &house->submitting.submitter,
        .folder = arena_printf(house->arena, "%s/batch", house->data),
        .builtin = house->builtin,
        .only_chosen = house->options->one_batch,
        .http_functions = house->http_functions,
        .http_functions_count = arguments->http_functions.count,
        .concurrency = arguments->batch_concurrency,
        .retry_us = (int64_t)arguments->batch_retry_ms * 1000,
        .log = house->options->log,
    };
    if (house->options->token &&
        uploads_start(&house->uploads, &batches, house->options->upload_handler, err) < 0)
        return -1;
    return batches_start(&house->batches, &batches, err);
}

static int start(struct house *house, struct error *err)
{
    struct service *service = &house->service;
    service->log = house->options->log;
    service->stopping = house->options->stopping;
    service->probe = house->probe_words;
    if (status_open(&house->status, house->data, &house->owner, err) < 0 ||
        store_open(&house->storage, &house->arguments->store, err) < 0 ||
        targets_new(&house->targets, house->status, service->log, err) < 0 ||
        add_targets(house, err) < 0 ||
        listen_on(house->options->host, house->options->port, service->auth.access_key != NULL,
                  &house->listening, err) < 0 ||
        start_functions(house, err) < 0)
        return -1;
    service->status = house->status;
    service->storage = house->storage;
    service->functions = house->functions;
    service->lambda_queue = house->lambda_queue;
    if (start_dispatcher(house, err) < 0)
        return -1;
    service->dispatcher = house->dispatcher;
    if (start_batches(house, err) < 0)
        return -1;
    service->batches = house->batches;
    if (inventories_start(&house->inventories, house->status, house->storage, service->log, err) <
        0)
        return -1;
    service->inventories = house->inventories;
    service->uploads = house->uploads;
    const struct store_arguments *store = &house->arguments->store;
    service->place = arena_printf(
        house->arena, store_endpoint(store) ? "on the S3 server %s" : "files in the folder %s",
        store_place(store));
    struct server_options server = {.listening = &house->listening};
    return server_start(&house->server, service, &server, err);
}

int house_open(struct house **ret, const struct house_arguments *arguments,
               const struct house_options *options, struct error *err)
{
    CLEANUP(house_close) struct house *house = calloc(1, sizeof(*house));
    if (!house)
        return error_set(err, ERROR_BUG, "out of memory");
    house->arguments = arguments;
    house->options = options;
    house->arena = arena_new();
    house->listening.fd = -1;
    if (read_setup(house, err) < 0 || start(house, err) < 0)
        return -1;
    *ret = TAKE(house);
    return 0;
}

/* Functions call the server: those of batch jobs are ended first, for what they would say when it
 * does not answer is no result. */
void house_close(struct house **house)
{
    struct house *h = *house;
    if (!h)
        return;
    if (h->batches)
        batches_stop(h->batches);
    uploads_stop(h->uploads);
    server_stop(&h->server);
    inventories_free(&h->inventories);
    uploads_free(&h->uploads);
    if (h->functions)
        functions_stop(h->functions);
    lambda_queue_free(&h->lambda_queue);
    batches_free(&h->batches);
    if (h->dispatcher)
        dispatcher_drain(h->dispatcher, DRAIN_US);
    dispatcher_free(&h->dispatcher);
    functions_free(&h->functions);
    listening_release(&h->listening);
    targets_free(&h->targets);
    storage_free(&h->storage);
    status_close(&h->status);
    arena_free(&h->arena);
    free(h);
    *house = NULL;
}

const char *house_url(const struct house *house)
{
    return server_url(house->server);
}

struct status *house_status(const struct house *house)
{
    return house->status;
}

struct storage *house_storage(const struct house *house)
{
    return house->storage;
}

struct batches *house_batches(const struct house *house)
{
    return house->batches;
}

const struct batch_builtin *house_builtin(const struct house *house)
{
    return &house->builtin;
}

struct functions *house_functions(const struct house *house)
{
    return house->functions;
}

/* --- now and then --- */

void house_keep(struct house *house)
{
    enum { UPDATES_US = 1000000 };
    const int64_t day_us = (int64_t)24 * 3600 * 1000000, hour_us = (int64_t)3600 * 1000000;
    struct error err;
    char why[1024];
    int64_t now = clock_monotonic_us();
    int r = 0;
    if (now - house->updated_us >= UPDATES_US) {
        r = status_send_updates(house->status, &err);
        house->updated_us = now;
    }
    if (r >= 0 && (!house->forgotten_us || now - house->forgotten_us >= hour_us)) {
        r = status_forget(house->status, KEPT_DAYS * day_us, &err);
        house->forgotten_us = now;
    }
    if (r < 0)
        log_line(house->options->log, LOG_LEVEL_ERROR, "status", "why",
                 error_text(&err, why, sizeof(why)), NULL);
}
