/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that take too long, and those that are closed without an answer. The test is the
 * client and, in libmicrohttpd's place, the one who reads and closes. */
#include "http/visitors.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static const struct log silent = {LOG_LEVEL_ERROR};

struct line {
    struct visitors *visitors;
    struct visitor *visitor;
    int client, server;
};

static void open_line(struct line *line, int asking_s)
{
    struct visit_limits limits = {{[VISIT_ASKING] = asking_s, [VISIT_IDLE] = 60}};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct error err;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    line->client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(line->client, (struct sockaddr *)&address, size), 0);
    line->server = accept(listening, NULL, NULL);
    assert_true(line->server >= 0);
    close(listening);
    assert_int_equal(visitors_new(&line->visitors, &limits, &silent, &err), 0);
    line->visitor = visitor_new(line->visitors, line->server);
}

static void say(int from, const char *text)
{
    assert_int_equal(send(from, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(int at, const char *text)
{
    char heard[64] = "";
    size_t size = 0;
    while (size < strlen(text))
        size += (size_t)recv(at, heard + size, strlen(text) - size, 0);
    assert_string_equal(heard, text);
}

/* What the client hears until the end is `start` … `end`, or nothing where these are "". */
static void expect(struct line *line, const char *start, const char *end)
{
    char heard[1024] = "";
    size_t size = 0;
    for (ssize_t got; (got = recv(line->client, heard + size, sizeof(heard) - 1 - size, 0)) > 0;)
        size += (size_t)got;
    assert_memory_equal(heard, start, strlen(start));
    assert_true(size >= strlen(end) && (*end || !size));
    assert_string_equal(heard + size - strlen(end), end);
}

static void close_line(struct line *line)
{
    visitor_free(line->visitor);
    close(line->server);
    line->visitor = NULL;
}

static void end_line(struct line *line)
{
    if (line->visitor)
        close_line(line);
    visitors_free(&line->visitors);
    close(line->client);
}

#define LATE                                                                                       \
    "HTTP/1.1 408 Request Timeout\r\n", "{\"message\":\"the request took too long to arrive\"}"
#define IGNORED "HTTP/1.1 400 Bad Request\r\n", "{\"message\":\"this is no request\"}"
#define NOTHING "", ""

static void test_silent_from_the_start(void **state)
{
    (void)state;
    struct line line;
    open_line(&line, 1);
    int64_t start = clock_monotonic_us();
    expect(&line, NOTHING);
    assert_true(clock_monotonic_us() - start > 900000);
    assert_true(visitor_is_late(line.visitor));
    end_line(&line);
}

static void test_first_line_that_does_not_end(void **state)
{
    (void)state;
    struct line line;
    open_line(&line, 1);
    say(line.client, "G");
    expect(&line, LATE);
    end_line(&line);
}

/* Between requests there is more time, but not for the next one once it has begun. */
static void test_second_request_that_does_not_end(void **state)
{
    (void)state;
    struct line line;
    open_line(&line, 1);
    say(line.client, "GET 1");
    hear(line.server, "GET 1");
    visitor_does(line.visitor, VISIT_WAITING);
    say(line.server, "one");
    hear(line.client, "one");
    visitor_does(line.visitor, VISIT_IDLE);
    usleep(1500000);
    assert_false(visitor_is_late(line.visitor));
    say(line.client, "G");
    expect(&line, LATE);
    end_line(&line);
}

/* An end that came with the last bytes, so that there is nothing new to be told of it, is told once
 * more. */
static void test_end_is_told(void **state)
{
    (void)state;
    enum { WAIT_MS = 5000 };
    struct line line;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int epoll = epoll_create1(0);
    open_line(&line, 60);
    say(line.client, "GET");
    shutdown(line.client, SHUT_WR);
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, line.server, &event), 0);
    assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
    hear(line.server, "GET");
    assert_int_equal(epoll_wait(epoll, &event, 1, WAIT_MS), 1);
    close_line(&line);
    expect(&line, IGNORED);
    end_line(&line);
    close(epoll);
}

static void test_closed_without_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *asked;    /* by the client, */
        const char *answered; /* before … */
        enum visit visit;     /* … this, */
        const char *then;     /* when it says this */
        bool dismissed;
        const char *start, *end; /* what it hears */
    } rows[] = {
        {"", "", VISIT_ASKING, "GET\r\n\r\n", false, IGNORED},
        {"", "", VISIT_ASKING, "", false, NOTHING},
        {"", "", VISIT_ASKING, "GET\r\n\r\n", true, NOTHING},
        {"GET 1", "one", VISIT_IDLE, "GET\r\n\r\n", false, IGNORED},
        {"GET 1", "one", VISIT_IDLE, "", true, NOTHING},
        {"GET 1", "one", VISIT_LEAVING, "more of it", false, NOTHING},
        {"GET 1 and more", "one", VISIT_IDLE, "", false, IGNORED},
        {"GET 1", "one", VISIT_ASKING, "", false, NOTHING}, /* answered by libmicrohttpd */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line line;
        open_line(&line, 60);
        say(line.client, rows[i].asked);
        hear(line.server, rows[i].asked);
        say(line.server, rows[i].answered);
        hear(line.client, rows[i].answered);
        if (rows[i].visit != VISIT_ASKING)
            visitor_does(line.visitor, rows[i].visit);
        say(line.client, rows[i].then);
        hear(line.server, rows[i].then);
        if (rows[i].dismissed)
            visitors_dismiss(line.visitors);
        close_line(&line);
        expect(&line, rows[i].start, rows[i].end);
        end_line(&line);
    }
}

/* What nobody has read would make the kernel reset the connection. */
static void test_answer_arrives(void **state)
{
    (void)state;
    struct line line;
    open_line(&line, 60);
    say(line.client, "GET\r\n\r\nand what nobody reads");
    hear(line.server, "GET\r\n\r\n");
    close_line(&line);
    usleep(10000);
    expect(&line, IGNORED);
    end_line(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_from_the_start),
        cmocka_unit_test(test_first_line_that_does_not_end),
        cmocka_unit_test(test_second_request_that_does_not_end),
        cmocka_unit_test(test_end_is_told),
        cmocka_unit_test(test_closed_without_an_answer),
        cmocka_unit_test(test_answer_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
