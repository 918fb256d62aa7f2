/* SPDX-License-Identifier: Apache-2.0 */
/* `serve`: the MediaConvert API, and the queues behind it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/program.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/store.h"
#include "dispatch/dispatcher.h"
#include "events/targets.h"
#include "http/server.h"
#include "status/jobs.h"

#define LISTEN_DEFAULT  "127.0.0.1:4580"
#define DATA_DEFAULT    "./data"
#define ACCOUNT_DEFAULT "111122223333"
#define REGION_DEFAULT  "us-east-1"

enum {
    STORE_WORDS_MAX = 6,
    QUEUE_DELAY_MAX_S = 24 * 3600,
    WORKER_MIB_MIN = 256, /* with less, hardly an encoder can be opened */
    WORKER_MIB_MAX = 1 << 20,
    WORKER_CPU_MAX_S = 1000000000,
    CONCURRENT_MAX = 1000,
    KEPT_DAYS = 90, /* jobs that have ended */
    DRAIN_US = 30 * 1000000,
};

struct arguments {
    const char *listen, *data, *region, *account, *events_file;
    struct store_arguments store;
    struct option_list webhooks;
    int concurrent, worker_memory_mib, worker_cpu_s, speed, queue_delay_s, log_level;
};

static const char *const speeds[] = {"normal", "draft", NULL};

static const struct option options[] = {
    {"listen", 'l', "HOST:PORT", "where to answer (" LISTEN_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, listen)},
    {"data", 0, "DIR", "where jobs and queues are kept (" DATA_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, data)},
    STORE_OPTIONS(struct arguments, store),
    {"concurrent", 'c', "N", "jobs at once (as many as the cores can feed)", OPTION_NUMBER,
     offsetof(struct arguments, concurrent), NULL, 1, CONCURRENT_MAX},
    {"worker-memory", 0, "MIB", "a job's process may have (3/4 of the machine's or container's)",
     OPTION_NUMBER, offsetof(struct arguments, worker_memory_mib), NULL, WORKER_MIB_MIN,
     WORKER_MIB_MAX},
    {"worker-cpu", 0, "SECONDS", "of processor time it may use (a week of every core)",
     OPTION_NUMBER, offsetof(struct arguments, worker_cpu_s), NULL, 1, WORKER_CPU_MAX_S},
    {"speed", 0, NULL, "draft: the same shapes, encoded fast", OPTION_CHOICE,
     offsetof(struct arguments, speed), speeds},
    {"queue-delay", 0, "SECONDS", "each job waits at least so long (0)", OPTION_NUMBER,
     offsetof(struct arguments, queue_delay_s), NULL, 0, QUEUE_DELAY_MAX_S},
    {"events-file", 0, "FILE", "add state-change events to it, one a line", OPTION_TEXT,
     offsetof(struct arguments, events_file)},
    {"webhook", 0, "URL", "POST each event to it; may be repeated", OPTION_LIST,
     offsetof(struct arguments, webhooks)},
    {"region", 0, "NAME", "in every ARN (AWS_REGION, or " REGION_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, region)},
    {"account", 0, "DIGITS", "in every ARN (" ACCOUNT_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, account)},
    {"log-level", 0, NULL, "what stderr is told", OPTION_CHOICE,
     offsetof(struct arguments, log_level), log_level_names},
    {0},
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* What the arguments and the environment come to. */
struct setup {
    struct server_options server;
    struct status_owner owner;
    struct auth auth;
    const char *store_words[STORE_WORDS_MAX];
    const char *probe_words[STORE_WORDS_MAX + 3];
    char media_program[PATH_MAX];
    char host[256];
};

static int read_listen(const char *text, struct setup *setup, struct error *err)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (!length || length >= sizeof(setup->host) || end == colon + 1 || *end || port < 0 ||
        port > 65535)
        return error_set(err, ERROR_BAD_REQUEST, "--listen takes HOST:PORT, not '%s'", text);
    snprintf(setup->host, sizeof(setup->host), "%.*s", (int)length, text);
    setup->server = (struct server_options){.host = setup->host, .port = (int)port};
    return 0;
}

static int read_owner(const struct arguments *arguments, struct setup *setup, struct error *err)
{
    const char *region = arguments->region           ? arguments->region
                         : environment("AWS_REGION") ? environment("AWS_REGION")
                                                     : environment("AWS_DEFAULT_REGION");
    setup->owner.region = region ? region : REGION_DEFAULT;
    setup->owner.account = arguments->account ? arguments->account : ACCOUNT_DEFAULT;
    if (strlen(setup->owner.account) != 12 || strspn(setup->owner.account, "0123456789") != 12)
        return error_set(err, ERROR_BAD_REQUEST, "--account takes 12 digits, not '%s'",
                         setup->owner.account);
    if (strspn(setup->owner.region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
            strlen(setup->owner.region) ||
        strlen(setup->owner.region) > 64)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no region's name", setup->owner.region);
    return 0;
}

static int read_auth(struct setup *setup, struct error *err)
{
    setup->auth.access_key = environment("AWS_ACCESS_KEY_ID");
    setup->auth.secret_key = environment("AWS_SECRET_ACCESS_KEY");
    if (!setup->auth.access_key != !setup->auth.secret_key)
        return error_set(err, ERROR_BAD_REQUEST,
                         "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: one is not set");
    return 0;
}

/* How a worker and a probe are told where s3:// names are; what the environment says they inherit.
 */
static void make_words(const struct arguments *arguments, struct setup *setup)
{
    int count = 0;
    if (arguments->store.folder) {
        setup->store_words[count++] = "--storage";
        setup->store_words[count++] = arguments->store.folder;
    }
    if (arguments->store.endpoint) {
        setup->store_words[count++] = "--s3-endpoint";
        setup->store_words[count++] = arguments->store.endpoint;
    }
    if (arguments->store.virtual_host)
        setup->store_words[count++] = "--s3-virtual-host";
    setup->probe_words[0] = setup->media_program;
    setup->probe_words[1] = "probe";
    setup->probe_words[2] = "--json";
    memcpy(setup->probe_words + 3, setup->store_words, sizeof(setup->store_words));
}

static int read_setup(const struct arguments *arguments, struct setup *setup, struct error *err)
{
    if (read_listen(arguments->listen ? arguments->listen : LISTEN_DEFAULT, setup, err) < 0 ||
        read_owner(arguments, setup, err) < 0 || read_auth(setup, err) < 0 ||
        program_media_path(setup->media_program, err) < 0)
        return -1;
    make_words(arguments, setup);
    return 0;
}

static int add_targets(struct targets *targets, const struct arguments *arguments,
                       struct error *err)
{
    if (arguments->events_file &&
        targets_add(targets, &target_file, arguments->events_file, err) < 0)
        return -1;
    for (int i = 0; i < arguments->webhooks.count; i++)
        if (targets_add(targets, &target_webhook, arguments->webhooks.items[i], err) < 0)
            return -1;
    return 0;
}

/* Until somebody wants it to stop: what is to be done now and then. */
static void keep_house(struct status *status, const struct log *log, struct cancel *cancel)
{
    enum { LOOK_US = 100000, UPDATES_US = 1000000 };
    const int64_t day_us = (int64_t)24 * 3600 * 1000000, hour_us = (int64_t)3600 * 1000000;
    int64_t updated = 0, forgotten = 0;
    while (!cancel_requested(cancel)) {
        struct error err;
        char why[1024];
        int64_t now = clock_monotonic_us();
        int r = 0;
        if (now - updated >= UPDATES_US) {
            r = status_send_updates(status, &err);
            updated = now;
        }
        if (r >= 0 && (!forgotten || now - forgotten >= hour_us)) {
            r = status_forget(status, KEPT_DAYS * day_us, &err);
            forgotten = now;
        }
        if (r < 0)
            log_line(log, LOG_LEVEL_ERROR, "status", "why", error_text(&err, why, sizeof(why)),
                     NULL);
        usleep(LOOK_US);
    }
}

/* Everything that runs, in the order in which it is started; stopped the other way round. */
struct parts {
    struct status *status;
    struct storage *storage;
    struct dispatcher *dispatcher;
    struct targets *targets;
    struct server *server;
};

static void parts_release(struct parts *parts)
{
    server_stop(&parts->server);
    if (parts->dispatcher)
        dispatcher_drain(parts->dispatcher, DRAIN_US);
    dispatcher_free(&parts->dispatcher);
    targets_free(&parts->targets);
    storage_free(&parts->storage);
    status_close(&parts->status);
}

static int start(struct parts *parts, const struct arguments *arguments, const struct setup *setup,
                 struct service *service, struct error *err)
{
    const char *data = arguments->data ? arguments->data : DATA_DEFAULT;
    struct dispatcher_options dispatch = {
        .store_words = setup->store_words,
        .worker_program = setup->media_program,
        .concurrent = arguments->concurrent,
        .draft = arguments->speed == 1,
        .delay_us = (int64_t)arguments->queue_delay_s * 1000000,
        .memory_max = (int64_t)arguments->worker_memory_mib << 20,
        .cpu_max_s = arguments->worker_cpu_s,
        .log = service->log,
    };
    if (status_open(&parts->status, data, &setup->owner, err) < 0 ||
        store_open(&parts->storage, &arguments->store, err) < 0 ||
        targets_new(&parts->targets, parts->status, service->log, err) < 0 ||
        add_targets(parts->targets, arguments, err) < 0)
        return -1;
    service->status = parts->status;
    if (dispatcher_start(&parts->dispatcher, parts->status, parts->storage, &dispatch, err) < 0)
        return -1;
    service->dispatcher = parts->dispatcher;
    return server_start(&parts->server, service, &setup->server, err);
}

int serve_main(int argc, char **argv)
{
    struct arguments arguments = {.log_level = LOG_LEVEL_INFO};
    const char *operand; // there is none
    int status = options_read("serve", options, argc, argv, &arguments, &operand);
    if (status != OPTIONS_READ)
        return status;

    struct error err = {0};
    struct setup setup = {0};
    if (read_setup(&arguments, &setup, &err) < 0)
        return fail(&err, false);
    struct log log = {(enum log_level)arguments.log_level};
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN);
    struct service service = {
        .auth = setup.auth,
        .probe = setup.probe_words,
        .log = &log,
        .stopping = &interrupt.cancel,
    };
    CLEANUP(parts_release) struct parts parts = {0};
    if (start(&parts, &arguments, &setup, &service, &err) < 0)
        return fail(&err, false);

    printf("listening on %s, jobs in %s, objects in %s\n", server_url(parts.server),
           arguments.data ? arguments.data : DATA_DEFAULT, store_place(&arguments.store));
    fflush(stdout);
    keep_house(parts.status, &log, &interrupt.cancel);
    log_line(&log, LOG_LEVEL_INFO, "stopping", NULL);
    return EXIT_DONE;
}
