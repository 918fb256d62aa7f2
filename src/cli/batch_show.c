/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/terminal.h"

const char *const batch_styles[] = {"auto", "bar", "json", "none", NULL};

static int64_t tasks_ended(const struct batch_progress *p)
{
    return p->succeeded + p->failed;
}

/* Whether all tasks have ended, and what is waited for is their jobs. */
static bool shows_jobs(const struct batch_progress *p)
{
    return batch_status_is_final(p->status) && p->jobs > 0;
}

/* Microseconds until all tasks have ended; -1 while nobody can know. */
static int64_t time_left(const struct batch_progress *p)
{
    if (p->per_second <= 0 || p->total <= 0)
        return -1;
    return (int64_t)((double)(p->total - tasks_ended(p)) / p->per_second * 1e6);
}

/* " 45% [#########       ]  450 of 1000, 3 failed  812/s  0:23 left" */
void batch_show_bar(const struct batch_progress *p, int columns, struct text *out)
{
    enum { MOST = 40, LEAST = 6 };
    CLEANUP(text_release) struct text facts = {0};
    bool jobs = shows_jobs(p);
    int64_t done = jobs ? p->jobs_ended : tasks_ended(p), total = jobs ? p->jobs : p->total;
    if (total <= 0) {
        text_add(out, "%.*s", columns, batch_status_names[p->status]);
        return;
    }
    text_add(&facts, "%s%" PRId64 " of %" PRId64, jobs ? "transcodes: " : "", done, total);
    int64_t failed = jobs ? p->jobs_failed : p->failed;
    if (failed)
        text_add(&facts, ", %" PRId64 " failed", failed);
    char duration[32] = "-:--";
    if (!jobs) {
        int64_t left = time_left(p);
        if (left >= 0)
            text_duration(left, duration);
        text_add(&facts, "  %.0f/s  %5s left", p->per_second, duration);
    }
    int percent = (int)(done * 100 / total);
    int room = columns - (int)facts.size - (int)sizeof("100% []  ") + 1;
    int width = room > MOST ? MOST : room;
    text_add(out, "%3d%%", percent);
    if (width >= LEAST) {
        text_add(out, " [");
        for (int i = 0; i < width; i++)
            text_add(out, "%c", i < percent * width / 100 ? '#' : ' ');
        text_add(out, "]");
    }
    text_add(out, "  %s", facts.data);
}

void batch_show_json(const struct batch_progress *p, struct text *out)
{
    text_add(out,
             "{\"status\":\"%s\",\"total\":%" PRId64 ",\"succeeded\":%" PRId64
             ",\"failed\":%" PRId64 ",\"perSecond\":%.1f,\"jobs\":%" PRId64
             ",\"jobsEnded\":%" PRId64 ",\"jobsFailed\":%" PRId64 ",\"elapsedMs\":%" PRId64,
             batch_status_names[p->status], p->total, p->succeeded, p->failed, p->per_second,
             p->jobs, p->jobs_ended, p->jobs_failed, p->elapsed_us / 1000);
    int64_t left = time_left(p);
    if (left >= 0)
        text_add(out, ",\"leftMs\":%" PRId64, left / 1000);
    text_add(out, "}\n");
}

void batch_show_init(struct batch_show *show, enum batch_style style)
{
    if (style == BATCH_SHOW_AUTO)
        style = terminal_is(stderr) ? BATCH_SHOW_BAR : BATCH_SHOW_NONE;
    *show = (struct batch_show){.style = style, .shown_us = INT64_MIN, .since_us = INT64_MIN};
}

static void find_rate(struct batch_show *show, struct batch_progress *p)
{
    enum { SPAN_US = 3000000 };
    int64_t done = tasks_ended(p);
    if (show->since_us == INT64_MIN) {
        show->since_us = p->elapsed_us;
        show->since_done = done;
    }
    int64_t span_us = p->elapsed_us - show->since_us;
    if (span_us > 0)
        p->per_second = (double)(done - show->since_done) * 1e6 / (double)span_us;
    if (span_us >= SPAN_US) {
        show->per_second = p->per_second;
        show->since_us = p->elapsed_us;
        show->since_done = done;
    }
    if (show->per_second > 0) // the last whole span is steadier than what has begun since
        p->per_second = show->per_second;
}

void batch_show(struct batch_show *show, struct batch_progress *p)
{
    CLEANUP(text_release) struct text line = {0};
    find_rate(show, p);
    if (show->style == BATCH_SHOW_BAR) {
        batch_show_bar(p, terminal_columns(stderr) - 1, &line);
        terminal_replace(stderr, line.data);
    }
    bool due = show->shown_us == INT64_MIN || p->elapsed_us - show->shown_us >= 1000000;
    if (show->style == BATCH_SHOW_JSON && due) {
        batch_show_json(p, &line);
        fputs(line.data, stderr);
        show->shown_us = p->elapsed_us;
    }
}

void batch_show_clear(struct batch_show *show)
{
    if (show->style == BATCH_SHOW_BAR)
        terminal_replace(stderr, "");
}
