/* SPDX-License-Identifier: Apache-2.0 */
/* `serve`: the APIs, and the queues and batch jobs behind them, until somebody wants it to stop. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/house.h"
#include "cli/interrupt.h"
#include "cli/options.h"

#define LISTEN_DEFAULT "127.0.0.1:4580"

#define TOKEN_VARIABLE "MEDIACONVERT_LOCAL_UPLOAD_TOKEN"
#define BUILTIN        "builtin"

enum { QUEUE_DELAY_MAX_S = 24 * 3600 };

struct arguments {
    const char *listen, *events_file;
    struct house_arguments house;
    struct option_list webhooks;
    const char *upload_token, *upload_handler;
    int queue_delay_s, log_level;
};

static const struct option options[] = {
    {"listen", 'l', "HOST:PORT", "where to answer (" LISTEN_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, listen)},
    HOUSE_OPTIONS(struct arguments, house),
    {"queue-delay", 0, "SECONDS", "each job waits at least so long (0)", OPTION_NUMBER,
     offsetof(struct arguments, queue_delay_s), NULL, 0, QUEUE_DELAY_MAX_S},
    {"events-file", 0, "FILE", "add state-change events to it, one a line", OPTION_TEXT,
     offsetof(struct arguments, events_file)},
    {"webhook", 0, "URL", "POST each event to it; may be repeated", OPTION_LIST,
     offsetof(struct arguments, webhooks)},
    {"upload-token", 0, "TOKEN", "of POST /webhooks/uploads (" TOKEN_VARIABLE ")", OPTION_TEXT,
     offsetof(struct arguments, upload_token)},
    {"upload-handler", 0, "NAME", "the function that is invoked for each upload (builtin)",
     OPTION_TEXT, offsetof(struct arguments, upload_handler)},
    {"log-level", 0, NULL, "what stderr is told", OPTION_CHOICE,
     offsetof(struct arguments, log_level), log_level_names},
    {0},
};

static int read_listen(const char *text, char host[256], int *ret_port, struct error *err)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (!length || length >= 256 || end == colon + 1 || *end || port < 0 || port > 65535)
        return error_set(err, ERROR_BAD_REQUEST, "--listen takes HOST:PORT, not '%s'", text);
    snprintf(host, 256, "%.*s", (int)length, text);
    *ret_port = (int)port;
    return 0;
}

/* Who may notify of uploads, and what happens with them then. */
static int read_uploads(const struct arguments *arguments, struct house_options *ret,
                        struct error *err)
{
    enum { TOKEN_MIN = 8, TOKEN_MAX = 256 };
    const char *token = arguments->upload_token ? arguments->upload_token : getenv(TOKEN_VARIABLE);
    ret->upload_handler = arguments->upload_handler ? arguments->upload_handler : BUILTIN;
    if (!token || (!*token && !arguments->upload_token))
        return arguments->upload_handler
                   ? error_set(err, ERROR_BAD_REQUEST, "--upload-handler needs an --upload-token")
                   : 0;
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return error_set(err, ERROR_BAD_REQUEST,
                             "an upload token has letters, digits and signs only");
    if (length < TOKEN_MIN || length > TOKEN_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "an upload token has %d to %d characters",
                         TOKEN_MIN, TOKEN_MAX);
    if (!strcmp(ret->upload_handler, BUILTIN) && !arguments->house.job)
        return error_set(err, ERROR_BAD_REQUEST,
                         "uploads need a --job FILE, or another --upload-handler");
    ret->token = token;
    return 0;
}

int serve_main(int argc, char **argv)
{
    enum { LOOK_US = 100000 };
    struct arguments arguments = {.log_level = LOG_LEVEL_INFO};
    const char *operand; // there is none
    int status = options_read("serve", options, argc, argv, &arguments, &operand);
    if (status != OPTIONS_READ)
        return status;

    struct error err = {0};
    struct log log = {(enum log_level)arguments.log_level};
    char host[256];
    struct house_options house_options = {
        .host = host,
        .events_file = arguments.events_file,
        .webhooks = &arguments.webhooks,
        .queue_delay_us = (int64_t)arguments.queue_delay_s * 1000000,
        .log = &log,
    };
    if (read_listen(arguments.listen ? arguments.listen : LISTEN_DEFAULT, host, &house_options.port,
                    &err) < 0 ||
        read_uploads(&arguments, &house_options, &err) < 0)
        return fail(&err, false);
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN);
    house_options.stopping = &interrupt.cancel;
    CLEANUP(house_close) struct house *house = NULL;
    if (house_open(&house, &arguments.house, &house_options, &err) < 0)
        return fail(&err, false);

    printf("listening on %s, jobs in %s, objects in %s\n", house_url(house),
           arguments.house.data ? arguments.house.data : DATA_DEFAULT,
           store_place(&arguments.house.store));
    fflush(stdout);
    while (!cancel_requested(&interrupt.cancel)) {
        house_keep(house);
        usleep(LOOK_US);
    }
    log_line(&log, LOG_LEVEL_INFO, "stopping", NULL);
    return EXIT_DONE;
}
