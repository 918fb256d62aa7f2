/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static const char prefix[] = "mediaconvert-local.";

enum { DELAY_MOST_S = 24 * 60 * 60 };

/* MediaConvert's ErrorCodes that nothing here ever gives of itself. */
static const struct {
    int code;
    const char *title;
} other_codes[] = {
    {1041, "Acceleration Settings Error"},
    {1042, "Job Doesn't Require Enough Processing Power for Accelerated Transcoding"},
    {1080, "MXF Output Error"},
    {1091, "Encryption Error"},
    {1432, "IAM Role Error"},
    {1433, "IAM Role Error"},
    {1434, "IAM Role Error"},
    {1507, "Disk Full"},
    {1515, "IAM Role Error"},
    {1550, "Acceleration Fault"},
    {3400, "HLS Input Doesn't Meet Requirements"},
    {3408, "HTTP Upload Error"},
    {3457, "Input Disallowed by Policy"},
};

/* NULL: there is no such ErrorCode. */
static const char *title_of(int code)
{
    static const int codes[] = {
#define X(kind, code_, title) code_,
        ERROR_KINDS(X)
#undef X
    };
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i] == code && code >= ERROR_INPUT)
            return error_title((enum error_kind)code);
    for (size_t i = 0; i < COUNT(other_codes); i++)
        if (other_codes[i].code == code)
            return other_codes[i].title;
    return NULL;
}

/* --- what is asked for --- */

static int refuse(const struct json *member, const char *takes, struct error *err)
{
    return error_set(err, ERROR_SETTINGS, "UserMetadata '%s' takes %s, not '%s'", member->key,
                     takes, member->type == JSON_STRING ? member->string : "what is no text");
}

static int read_fail(const struct json *member, struct fault *fault, struct error *err)
{
    char *end;
    long code = strtol(member->string, &end, 10);
    if (*end || code < ERROR_INPUT || code > 9999 || !title_of((int)code))
        return refuse(member, "one of MediaConvert's ErrorCodes", err);
    fault->code = (int)code;
    return 0;
}

static int read_crash(const struct json *member, struct fault *fault, struct error *err)
{
    static const int signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSYS};
    for (size_t i = 0; i < COUNT(signals); i++) {
        if (!strncmp(member->string, "SIG", 3) &&
            !strcmp(member->string + 3, sigabbrev_np(signals[i]))) {
            fault->signal = signals[i];
            return 0;
        }
    }
    return refuse(member, "SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV or SIGSYS", err);
}

static int read_delay(const struct json *member, struct fault *fault, struct error *err)
{
    char *end;
    double seconds = strtod(member->string, &end);
    if (end == member->string || *end || !(seconds >= 0) || seconds > DELAY_MOST_S)
        return refuse(member, "seconds, at most a day", err);
    fault->delay_us = (int64_t)(seconds * 1e6);
    return 0;
}

static int read_phase(const struct json *member, struct fault *fault, struct error *err)
{
    for (int phase = PHASE_PROBING; phase <= PHASE_UPLOADING; phase++) {
        if (!strcmp(member->string, job_phase_names[phase])) {
            fault->phase = (enum job_phase)phase;
            return 0;
        }
    }
    return refuse(member, "PROBING, TRANSCODING or UPLOADING", err);
}

int fault_read(const struct json *metadata, struct fault *ret, struct error *err)
{
    static const struct {
        const char *name;
        int (*read)(const struct json *member, struct fault *fault, struct error *err);
    } keys[] = {
        {"fail", read_fail}, {"crash", read_crash}, {"delay", read_delay}, {"phase", read_phase}};

    *ret = (struct fault){.phase = PHASE_PROBING};
    for (const struct json *m = metadata ? metadata->child : NULL; m; m = m->next) {
        if (!m->key || strncmp(m->key, prefix, strlen(prefix)))
            continue;
        size_t i = 0;
        while (i < COUNT(keys) && strcmp(m->key + strlen(prefix), keys[i].name))
            i++;
        if (i == COUNT(keys))
            return error_set(err, ERROR_SETTINGS, "no UserMetadata '%s'", m->key);
        if (m->type != JSON_STRING)
            return refuse(m, "text", err);
        if (keys[i].read(m, ret, err) < 0)
            return -1;
    }
    return 0;
}

/* --- and happens --- */

static int wait_for(int64_t us, struct cancel *cancel, struct error *err)
{
    static const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    for (int64_t until_us = clock_monotonic_us() + us; clock_monotonic_us() < until_us;) {
        if (cancel_requested(cancel))
            return error_set(err, ERROR_CANCELED, "canceled");
        nanosleep(&moment, NULL);
    }
    return 0;
}

int fault_happen(const struct fault *fault, enum job_phase phase, struct cancel *cancel,
                 struct error *err)
{
    if (fault->phase != phase)
        return 0;
    if (wait_for(fault->delay_us, cancel, err) < 0)
        return -1;
    if (fault->signal) {
        signal(fault->signal, SIG_DFL);
        raise(fault->signal);
    }
    if (fault->code)
        return error_set(err, (enum error_kind)fault->code, "%s: UserMetadata asks for it",
                         title_of(fault->code));
    return 0;
}
