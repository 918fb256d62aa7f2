/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of functions: how long they live, how many there are, what becomes of what they leave
 * behind. */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/clock.h"

#define DEF    "def handler(event, context):\n"
#define SECOND INT64_C(1000000)

static const char pid_text[] =
    "import os, time\n" DEF "    time.sleep(event if type(event) in (int, float) else 0)\n"
    "    return os.getpid()\n";

static int pid_of(const struct invocation_result *result)
{
    if (result->failed)
        fail_msg("%s", result->payload);
    return atoi(result->payload);
}

static bool runs(int pid)
{
    return kill(pid, 0) == 0;
}

/* Whether it ends within a second. */
static bool ends(int pid)
{
    for (int i = 0; i < 100 && runs(pid); i++)
        usleep(10000);
    return !runs(pid);
}

/* --- warm processes --- */

static void warm(void **state)
{
    struct place *p = *state;
    create_python(p, "f", pid_text);
    int pid = pid_of(invoke(p, "f", "{}"));
    for (int i = 0; i < 1000; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct invocation invocation = {.function = "f"};
        struct invocation_result *result;
        ok(p, functions_invoke(p->functions, &invocation, arena, &result, &p->err));
        assert_int_equal(pid_of(result), pid);
    }
    int processes, busy;
    functions_count(p->functions, &processes, &busy);
    assert_int_equal(processes, 1);
    assert_int_equal(busy, 0);
}

/* Somebody kills it while it is idle: nobody who invokes the function notices. */
static void killed_while_idle(void **state)
{
    struct place *p = *state;
    create_python(p, "f", pid_text);
    int first = pid_of(invoke(p, "f", "{}"));
    kill(first, SIGKILL);
    assert_true(ends(first));
    int second = pid_of(invoke(p, "f", "{}"));
    assert_int_not_equal(first, second);
    kill(second, SIGKILL); // the keeper finds it
    int processes = 1, busy;
    for (int i = 0; i < 500 && processes; i++, usleep(10000))
        functions_count(p->functions, &processes, &busy);
    assert_int_equal(processes, 0);
}

static void a_change_ends_it(void **state)
{
    struct place *p = *state;
    struct function_record *record = create_python(p, "f", pid_text);
    int pid = pid_of(invoke(p, "f", "{}"));
    record->environment = "{\"AB\":\"c\"}";
    ok(p, functions_update(p->functions, record, p->arena, &record, &p->err));
    assert_true(ends(pid));
    pid = pid_of(invoke(p, "f", "{}"));

    size_t size;
    char *zip = make_zip((struct file[]){{"app.py", DEF "    return 'new'\n"}, {NULL}}, &size);
    ok(p, functions_update_code(p->functions, "f", NULL, zip, size, false, p->arena, &record,
                                &p->err));
    free(zip);
    assert_true(ends(pid));
    expect_answer(invoke(p, "f", "{}"), "\"new\"");
}

/* --- several at once --- */

struct parallel {
    struct place *p;
    const char *payload;
    struct cancel *cancel;
    struct invocation_result *result;
    struct arena *arena;
    struct error err;
    int r;
    pthread_t thread;
};

static void *invoke_one(void *arg)
{
    struct parallel *one = arg;
    struct invocation invocation = {.function = "f",
                                    .payload = one->payload,
                                    .size = strlen(one->payload),
                                    .cancel = one->cancel};
    one->r = functions_invoke(one->p->functions, &invocation, one->arena, &one->result, &one->err);
    return NULL;
}

static void begin(struct place *p, struct parallel *one, const char *payload, struct cancel *cancel)
{
    *one = (struct parallel){.p = p, .payload = payload, .cancel = cancel, .arena = arena_new()};
    pthread_create(&one->thread, NULL, invoke_one, one);
}

static void end(struct parallel *one)
{
    pthread_join(one->thread, NULL);
}

static void wait_for_busy(struct place *p, int wanted)
{
    int processes, busy = -1;
    for (int i = 0; i < 1000 && busy != wanted; i++, usleep(10000))
        functions_count(p->functions, &processes, &busy);
    assert_int_equal(busy, wanted);
}

static void at_once(void **state)
{
    enum { COUNT_ = 4 };
    struct place *p = *state;
    struct parallel all[COUNT_];
    create_python(p, "f", pid_text);
    for (int i = 0; i < COUNT_; i++)
        begin(p, &all[i], "2", NULL);
    for (int i = 0; i < COUNT_; i++) {
        end(&all[i]);
        assert_int_equal(all[i].r, 0);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(pid_of(all[i].result), pid_of(all[j].result));
    }
    for (int i = 0; i < COUNT_; i++)
        arena_free(&all[i].arena);
    int processes, busy;
    functions_count(p->functions, &processes, &busy);
    assert_int_equal(processes, COUNT_);
}

static void throttled(struct place *p)
{
    struct invocation invocation = {.function = "f"};
    struct invocation_result *result;
    char text[1024];
    refused(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err),
            ERROR_THROTTLED);
    assert_non_null(strstr(error_text(&p->err, text, sizeof(text)), "Rate Exceeded."));
}

static void reserved_concurrency(void **state)
{
    struct place *p = *state;
    struct parallel one;
    struct function_record *record = create_python(p, "f", pid_text);
    record->reserved = 1;
    ok(p, functions_update(p->functions, record, p->arena, &record, &p->err));
    begin(p, &one, "1", NULL);
    wait_for_busy(p, 1);
    throttled(p);
    end(&one);
    arena_free(&one.arena);
    pid_of(invoke(p, "f", "{}"));
    record->reserved = 0;
    record->revision = NULL;
    ok(p, functions_update(p->functions, record, p->arena, &record, &p->err));
    throttled(p);
    record->reserved = FUNCTION_NO_LIMIT;
    record->revision = NULL;
    ok(p, functions_update(p->functions, record, p->arena, &record, &p->err));
    pid_of(invoke(p, "f", "{}"));
}

/* Two processes at most: a third function takes the place of one that is idle. */
static void total(void **state)
{
    struct place *p = *state;
    place_close(p);
    place_open(p, 2);
    struct parallel two[2];
    create_python(p, "f", pid_text);
    create_python(p, "g", pid_text);
    create_python(p, "h", pid_text);
    int f = pid_of(invoke(p, "f", "{}")), g = pid_of(invoke(p, "g", "{}"));
    int h = pid_of(invoke(p, "h", "{}"));
    assert_true(ends(f));
    assert_true(runs(g) && runs(h));
    begin(p, &two[0], "1", NULL);
    begin(p, &two[1], "1", NULL);
    wait_for_busy(p, 2);
    throttled(p);
    for (int i = 0; i < 2; i++) {
        end(&two[i]);
        assert_int_equal(two[i].r, 0);
        arena_free(&two[i].arena);
    }
}

static void updated_while_running(void **state)
{
    struct place *p = *state;
    struct parallel old;
    struct function_record *record = create_python(
        p, "f", "import time\n" DEF "    time.sleep(1)\n    import late\n    return late.x\n");
    size_t size;
    char *zip = make_zip((struct file[]){{"app.py", "import time\n" DEF "    time.sleep(event)\n"
                                                    "    import late\n    return late.x\n"},
                                         {"late.py", "x = 'old'\n"},
                                         {NULL}},
                         &size);
    ok(p, functions_update_code(p->functions, "f", NULL, zip, size, false, p->arena, &record,
                                &p->err));
    free(zip);
    begin(p, &old, "1.5", NULL);
    wait_for_busy(p, 1);
    usleep(500000); // it has begun
    zip = make_zip((struct file[]){{"app.py", DEF "    return 'new'\n"}, {NULL}}, &size);
    ok(p, functions_update_code(p->functions, "f", NULL, zip, size, false, p->arena, &record,
                                &p->err));
    free(zip);
    expect_answer(invoke(p, "f", "{}"), "\"new\"");
    end(&old);
    assert_int_equal(old.r, 0);
    expect_answer(old.result, "\"old\"");
    arena_free(&old.arena);
}

/* The same zip again makes what the function has changed in its folder what it was. */
static void the_same_code_again(void **state)
{
    struct place *p = *state;
    struct function_record *record;
    size_t size;
    char *zip = make_zip(
        (struct file[]){{"app.py", DEF "    said = open('said').read()\n"
                                       "    open('said', 'w').write('no')\n    return said\n"},
                        {"said", "yes"},
                        {NULL}},
        &size);
    create_python(p, "f", pid_text);
    for (int i = 0; i < 3; i++) {
        ok(p, functions_update_code(p->functions, "f", NULL, zip, size, false, p->arena, &record,
                                    &p->err));
        expect_answer(invoke(p, "f", "{}"), "\"yes\"");
        expect_answer(invoke(p, "f", "{}"), "\"no\"");
    }
    free(zip);
}

static int folders_in(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return dir ? count : -1;
}

static void deleted_while_running(void **state)
{
    struct place *p = *state;
    struct parallel last;
    char path[256];
    create_python(p, "f", pid_text);
    begin(p, &last, "1", NULL);
    wait_for_busy(p, 1);
    ok(p, functions_delete(p->functions, "f", &p->err));
    struct invocation invocation = {.function = "f"};
    struct invocation_result *result;
    refused(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err),
            ERROR_NOT_FOUND);
    end(&last);
    assert_int_equal(last.r, 0);
    assert_true(ends(pid_of(last.result)));
    arena_free(&last.arena);
    snprintf(path, sizeof(path), "%s/f", p->functions_folder);
    for (int i = 0; i < 300 && folders_in(path) >= 0; i++)
        usleep(10000);
    assert_int_equal(folders_in(path), -1); // its code is gone
    struct log_event *events;
    struct log_query query = {.group = "f", .max = 1};
    int count;
    int64_t at;
    bool more;
    ok(p, logs_read(functions_logs(p->functions), &query, p->arena, &events, &count, &at, &more,
                    &p->err));
    assert_int_equal(count, 1);
}

/* --- as much as may be --- */

static void the_longest_payload(void **state)
{
    struct place *p = *state;
    char *payload = malloc(FUNCTION_PAYLOAD_MAX + 2);
    memset(payload, 'x', FUNCTION_PAYLOAD_MAX + 1);
    payload[0] = payload[FUNCTION_PAYLOAD_MAX - 1] = '"';
    create_python(p, "f", DEF "    return event\n");
    struct invocation invocation = {
        .function = "f", .payload = payload, .size = FUNCTION_PAYLOAD_MAX};
    struct invocation_result *result;
    for (int again = 0; again < 2; again++) {
        ok(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err));
        assert_false(result->failed);
        assert_int_equal(result->size, FUNCTION_PAYLOAD_MAX);
        assert_memory_equal(result->payload, payload, FUNCTION_PAYLOAD_MAX);
    }
    invocation.size++;
    refused(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err),
            ERROR_BAD_REQUEST);
    free(payload);
}

static const struct {
    const char *name, *qualifier;
    enum error_kind kind;
} calls[] = {
    {"arn:aws:lambda:us-east-1:111122223333:function:f", "$LATEST", 0},
    {"111122223333:function:f", NULL, 0},
    {"none", NULL, ERROR_NOT_FOUND},
    {"f", "live", ERROR_NOT_FOUND},
    {"f/../g", NULL, ERROR_BAD_REQUEST},
};

static void the_callers_request_id(void **state)
{
    static const char id[] = "f3cc4f60-61f6-4a2b-8a21-d07600c373ce";
    struct place *p = *state;
    struct invocation_result *result;
    create_python(p, "f", DEF "    return context.aws_request_id\n");
    struct invocation invocation = {.function = "f", .request_id = id};
    ok(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err));
    assert_string_equal(result->request_id, id);
    assert_non_null(strstr(result->payload, id));
    invocation.request_id = "x";
    refused(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err),
            ERROR_BAD_REQUEST);
}

static void names_of_functions(void **state)
{
    struct place *p = *state;
    create_python(p, "f", DEF "    return context.client_context.custom\n");
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct invocation invocation = {.function = calls[i].name,
                                        .qualifier = calls[i].qualifier,
                                        .client_context = "{\n\t\"custom\":\r\n1}"};
        struct invocation_result *result;
        int r = functions_invoke(p->functions, &invocation, p->arena, &result, &p->err);
        if (calls[i].kind) {
            refused(p, r, calls[i].kind);
        } else {
            ok(p, r);
            expect_answer(result, "1");
        }
    }
}

static void refused_records(void **state)
{
    struct place *p = *state;
    struct function_record *made,
        record = {.name = "f", .runtime = "python3.9", .handler = "app.handler"};
    size_t size;
    char *zip = make_zip((struct file[]){{"app.py", ""}, {NULL}}, &size);
    refused(p, functions_create(p->functions, &record, "zip", 3, p->arena, &made, &p->err),
            ERROR_BAD_REQUEST);
    ok(p, functions_create(p->functions, &record, zip, size, p->arena, &made, &p->err));
    assert_int_equal(made->timeout_s, 3);
    assert_int_equal(made->memory_mib, 128);
    assert_int_equal(made->reserved, FUNCTION_NO_LIMIT);
    assert_int_equal(made->code_size, size);
    refused(p, functions_create(p->functions, &record, zip, size, p->arena, &made, &p->err),
            ERROR_CONFLICT);
    refused(
        p, functions_update_code(p->functions, "f", NULL, "zip", 3, true, p->arena, &made, &p->err),
        ERROR_BAD_REQUEST);
    refused(p,
            functions_update_code(p->functions, "f", "another", zip, size, false, p->arena, &made,
                                  &p->err),
            ERROR_CONFLICT);
    refused(
        p,
        functions_update_code(p->functions, "g", NULL, zip, size, false, p->arena, &made, &p->err),
        ERROR_NOT_FOUND);
    struct function_record change = *made;
    change.runtime = "ruby3.2";
    refused(p, functions_update(p->functions, &change, p->arena, &made, &p->err),
            ERROR_BAD_REQUEST);
    change.runtime = NULL;
    change.handler = NULL;
    change.timeout_s = 5;
    ok(p, functions_update(p->functions, &change, p->arena, &made, &p->err));
    assert_string_equal(made->handler, "app.handler");
    assert_int_equal(made->timeout_s, 5);
    refused(p, functions_delete(p->functions, "g", &p->err), ERROR_NOT_FOUND);
    free(zip);
}

/* --- time --- */

static void timed_out(void **state)
{
    struct place *p = *state;
    struct function_record record = {
        .name = "f", .runtime = "python3.11", .handler = "app.handler", .timeout_s = 1};
    create(p, &record,
           (struct file[]){
               {"app.py",
                "import os, time\n" DEF
                "    print(os.getpid())\n    while event: time.sleep(60)\n    return 'quick'\n"},
               {NULL}});
    for (int again = 0; again < 2; again++) {
        int64_t before = clock_monotonic_us();
        struct invocation_result *result = invoke(p, "f", "1");
        int64_t took = clock_monotonic_us() - before;
        assert_in_range(took, SECOND, 8 * SECOND);
        char expected[80];
        snprintf(expected, sizeof(expected), "Z %s Task timed out after 1.00 seconds\"}",
                 result->request_id);
        expect_fault(result, "", expected);
        assert_int_equal(strncmp(result->payload, "{\"errorMessage\":\"20", 19), 0);
        assert_non_null(strstr(result->log_tail, "Task timed out after 1.00 seconds\n"));
        assert_non_null(strstr(result->log_tail, "Status: timeout"));
        const char *pid = strstr(result->log_tail, "$LATEST\n");
        assert_non_null(pid);
        assert_false(runs(atoi(pid + strlen("$LATEST\n"))));
        expect_answer(invoke(p, "f", "0"), "\"quick\"");
    }
}

/* A process that starts slowly has ten seconds for it besides. */
static void slow_start(void **state)
{
    struct place *p = *state;
    struct function_record record = {
        .name = "f", .runtime = "python3.11", .handler = "app.handler", .timeout_s = 1};
    create(
        p, &record,
        (struct file[]){{"app.py", "import time\ntime.sleep(1.5)\n" DEF "    return 1\n"}, {NULL}});
    struct invocation_result *result = invoke(p, "f", "{}");
    expect_answer(result, "1");
    assert_true(result->duration_us < SECOND);
}

static void cancelled(void **state)
{
    struct place *p = *state;
    struct parallel one;
    struct cancel cancel = {0};
    create_python(p, "f", pid_text);
    begin(p, &one, "9", &cancel);
    wait_for_busy(p, 1);
    usleep(200000);
    int64_t before = clock_monotonic_us();
    cancel_request(&cancel);
    end(&one);
    assert_true(clock_monotonic_us() - before < 3 * SECOND);
    assert_int_equal(one.r, -1);
    assert_int_equal(one.err.kind, ERROR_CANCELED);
    arena_free(&one.arena);
    pid_of(invoke(p, "f", "0"));

    begin(p, &one, "9", NULL);
    wait_for_busy(p, 1);
    functions_stop(p->functions);
    end(&one);
    assert_int_equal(one.r, -1);
    assert_int_equal(one.err.kind, ERROR_CANCELED);
    arena_free(&one.arena);
    struct invocation invocation = {.function = "f"};
    struct invocation_result *result;
    refused(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err),
            ERROR_CANCELED);
}

/* --- memory --- */

static const char *const hogs[] = {
    DEF "    all = []\n    while True: all.append(bytearray(1 << 20))\n",
    DEF "    return len(bytearray(2 << 30))\n",
    "all = bytearray(2 << 30)\n" DEF "    return 1\n",
    "import mmap\n" DEF "    m = mmap.mmap(-1, 300 << 20)\n    while True:\n"
    "        for i in range(0, len(m), 4096): m[i] = 1\n",
};

static void too_much_memory(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(hogs); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        create_python(p, name, hogs[i]);
        struct invocation_result *result = invoke(p, name, "{}");
        assert_true(result->failed);
        bool as_on_lambda = strstr(result->payload, "Runtime exited with error: signal: killed");
        bool python_noticed = strstr(result->payload, "\"MemoryError\"");
        if (!as_on_lambda && !python_noticed)
            fail_msg("%s", result->payload);
    }
    // what it may have it can use, with many threads
    create_python(p, "threads",
                  "import threading, time\n" DEF
                  "    all = [threading.Thread(target=time.sleep, args=(.1,)) for _ in range(24)]\n"
                  "    [t.start() for t in all]; [t.join() for t in all]\n"
                  "    return len(bytearray(60 << 20))\n");
    expect_answer(invoke(p, "threads", "{}"), "62914560");
}

/* --- what is left behind --- */

/* One stays in the process's group, one makes a session of its own, one is nobody's child. */
static const char children[] =
    "import os, subprocess, sys, time\n"
    "def sleep(**how):\n"
    "    return subprocess.Popen(['sleep', '1000'], **how).pid\n"
    "def daemon():\n"
    "    r, w = os.pipe()\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork() == 0:\n"
    "            os.write(w, b'%d' % os.getpid())\n"
    "            os.execv('/bin/sleep', ['sleep', '1000'])\n"
    "        os._exit(0)\n"
    "    os.wait()\n"
    "    return int(os.read(r, 20))\n" DEF
    "    print(sleep(), sleep(start_new_session=True), daemon(), os.getpid(), flush=True)\n"
    "    if event == 'exit': os._exit(1)\n"
    "    if event == 'wait': time.sleep(60)\n"
    "    if event == 'closed': os.close(1); os.close(2)\n";

static int read_pids(const struct invocation_result *result, int pids[4])
{
    const char *line = strstr(result->log_tail, "$LATEST\n");
    return line ? sscanf(line, "$LATEST\n%d %d %d %d", &pids[0], &pids[1], &pids[2], &pids[3]) : 0;
}

static const struct {
    const char *payload;
    bool stays; /* after the invocation */
} endings[] = {{"\"exit\"", false}, {"\"wait\"", false}, {"\"\"", true}, {"\"closed\"", true}};

static void left_behind(void **state)
{
    struct place *p = *state;
    int pids[4], all = 0;
    int kept[4 * COUNT(endings)];
    struct function_record record = {
        .name = "f", .runtime = "python3.11", .handler = "app.handler", .timeout_s = 2};
    create(p, &record, (struct file[]){{"app.py", children}, {NULL}});
    for (size_t i = 0; i < COUNT(endings); i++) {
        struct invocation_result *result = invoke(p, "f", endings[i].payload);
        assert_int_equal(read_pids(result, pids), 4);
        for (int n = 0; n < 4; n++) {
            if (endings[i].stays ? !runs(pids[n]) : runs(pids[n]))
                fail_msg("%s: process %d %s", endings[i].payload, n,
                         endings[i].stays ? "has gone" : "is still there");
            if (endings[i].stays)
                kept[all++] = pids[n];
        }
    }
    place_close(p);
    for (int n = 0; n < all; n++)
        assert_false(runs(kept[n]));
    place_open(p, 0);
}

/* A server that is killed with SIGKILL leaves nothing. */
static void server_killed(void **state)
{
    struct place *p = *state;
    create_python(p, "f", children);
    place_close(p);
    int ends_of_pipe[2], pids[4];
    assert_int_equal(pipe(ends_of_pipe), 0);
    pid_t server = fork();
    if (server == 0) {
        place_open(p, 0);
        struct invocation_result *result = invoke(p, "f", "{}");
        read_pids(result, pids);
        (void)!write(ends_of_pipe[1], pids, sizeof(pids));
        for (;;)
            pause();
    }
    assert_int_equal(read(ends_of_pipe[0], pids, sizeof(pids)), sizeof(pids));
    for (int n = 0; n < 4; n++)
        assert_true(runs(pids[n]));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    for (int n = 0; n < 4; n++)
        assert_true(ends(pids[n]));
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
    place_open(p, 0);
    assert_false(invoke(p, "f", "{}")->failed);
}

/* The function kills the process that guards it. */
static void guard_killed(void **state)
{
    struct place *p = *state;
    create_python(p, "f",
                  "import os, time\n" DEF "    os.kill(os.getppid(), 9)\n    time.sleep(60)\n");
    expect_fault(invoke(p, "f", "{}"), "Runtime.ExitError", "signal: killed");
}

/* --- everything at once --- */

struct chaos {
    struct place *p;
    struct cancel over;
    atomic_int answered, throttled, missing;
};

static void *invoke_many(void *arg)
{
    struct chaos *chaos = arg;
    static const char *const payloads[] = {"1", "2", "\"raise\"", "\"exit\"", "3"};
    for (unsigned i = 0; !cancel_requested(&chaos->over); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error err;
        struct invocation_result *result;
        const char *payload = payloads[i % COUNT(payloads)];
        struct invocation invocation = {
            .function = i % 3 ? "f" : "g", .payload = payload, .size = strlen(payload)};
        int r = functions_invoke(chaos->p->functions, &invocation, arena, &result, &err);
        if (r == 0) {
            bool fails = payload[0] == '"';
            assert_int_equal(result->failed, fails);
            assert_non_null(strstr(result->payload, payload[1] == 'e'   ? "Runtime.ExitError"
                                                    : payload[1] == 'r' ? "ValueError"
                                                                        : payload));
            chaos->answered++;
        } else if (err.kind == ERROR_THROTTLED) {
            chaos->throttled++;
            usleep(1000);
        } else {
            assert_int_equal(err.kind, ERROR_NOT_FOUND);
            chaos->missing++;
            usleep(1000);
        }
    }
    return NULL;
}

static const char mixed[] = "import os\n" DEF "    if event == 'raise': raise ValueError()\n"
                            "    if event == 'exit': os._exit(1)\n"
                            "    print(event)\n    return event # %d\n";

static void all_at_once(void **state)
{
    enum { THREADS = 4, PROCESSES = 3, ROUNDS = 12 };
    struct place *p = *state;
    pthread_t threads[THREADS];
    struct chaos chaos = {.p = p};
    struct function_record *record;
    place_close(p);
    place_open(p, PROCESSES);
    create_python(p, "f", mixed);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, invoke_many, &chaos);
    for (int i = 0; i < ROUNDS; i++) {
        char text[sizeof(mixed) + 16];
        size_t size;
        snprintf(text, sizeof(text), mixed, i);
        char *zip = make_zip((struct file[]){{"app.py", text}, {NULL}}, &size);
        ok(p, functions_update_code(p->functions, "f", NULL, zip, size, false, p->arena, &record,
                                    &p->err));
        free(zip);
        create_python(p, "g", text);
        usleep(200000);
        ok(p, functions_delete(p->functions, "g", &p->err));
    }
    cancel_request(&chaos.over);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(chaos.answered > 0);
    assert_true(chaos.throttled > 0);
    int processes, busy;
    functions_count(p->functions, &processes, &busy);
    assert_in_range(processes, 0, PROCESSES);
    assert_int_equal(busy, 0);
    char path[256];
    snprintf(path, sizeof(path), "%s/f", p->functions_folder);
    int left = 0;
    for (int i = 0; i < 300 && left != 2; i++, usleep(10000))
        left = folders_in(path);
    assert_int_equal(left, 2); // the code and its zip
    assert_false(invoke(p, "f", "1")->failed);
}

/* --- what is on disk --- */

static void opened_again(void **state)
{
    struct place *p = *state;
    char path[256];
    create_python(p, "f", DEF "    return 1\n");
    create_python(p, "g", DEF "    return 2\n");
    place_close(p);
    snprintf(path, sizeof(path), "%s/none", p->functions_folder); // what a killed server may leave
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/f/.unpacking-abcdef", p->functions_folder);
    assert_int_equal(mkdir(path, 0755), 0);
    place_open(p, 0);
    assert_int_equal(folders_in(p->functions_folder), 2);
    assert_int_not_equal(access(path, F_OK), 0);
    expect_answer(invoke(p, "f", "{}"), "1");
    expect_answer(invoke(p, "g", "{}"), "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(warm),
        TEST(killed_while_idle),
        TEST(a_change_ends_it),
        TEST(at_once),
        TEST(reserved_concurrency),
        TEST(total),
        TEST(updated_while_running),
        TEST(the_same_code_again),
        TEST(deleted_while_running),
        TEST(the_longest_payload),
        TEST(names_of_functions),
        TEST(the_callers_request_id),
        TEST(refused_records),
        TEST(timed_out),
        TEST(slow_start),
        TEST(cancelled),
        TEST(too_much_memory),
        TEST(left_behind),
        TEST(server_killed),
        TEST(guard_killed),
        TEST(all_at_once),
        TEST(opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
