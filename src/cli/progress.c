/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/terminal.h"

const char *const progress_styles[] = {"auto", "bar", "json", "none", NULL};

static double per_second(const struct progress *progress, double count)
{
    return progress->elapsed_us > 0 ? count * 1e6 / (double)progress->elapsed_us : 0;
}

static double speed(const struct progress *progress)
{
    return per_second(progress, (double)progress->media_us / 1e6);
}

/* Microseconds until the end; -1 while nobody can know. */
static int64_t time_left(const struct progress *progress)
{
    if (progress->percent < 1 || progress->elapsed_us < 1000000)
        return -1;
    return (int64_t)((double)progress->elapsed_us * (100 / progress->percent - 1));
}

/* " 45% [#########           ]  312 fps  10.4x  0:23 left" */
void progress_bar(const struct progress *progress, int columns, struct text *out)
{
    enum { MOST = 40, LEAST = 6 };
    CLEANUP(text_release) struct text facts = {0};
    text_add(&facts, "%4.0f fps %5.1fx", per_second(progress, (double)progress->frames),
             speed(progress));
    char duration[32] = "-:--";
    int64_t left = time_left(progress);
    if (left >= 0)
        text_duration(left, duration);
    text_add(&facts, "  %5s left", duration);

    int room = columns - (int)facts.size - (int)sizeof("100% []  ") + 1;
    int width = room > MOST ? MOST : room;
    text_add(out, "%3d%%", (int)progress->percent);
    if (width >= LEAST) {
        int done = (int)(progress->percent * width / 100);
        text_add(out, " [");
        for (int i = 0; i < width; i++)
            text_add(out, "%c", i < done ? '#' : ' ');
        text_add(out, "]");
    }
    text_add(out, "  %s", facts.data);
}

void progress_json(const struct progress *progress, struct text *out)
{
    text_add(out,
             "{\"phase\":\"%s\",\"percent\":%.1f,\"frames\":%" PRId64 ",\"fps\":%.1f,"
             "\"speed\":%.2f,\"mediaMs\":%" PRId64 ",\"durationMs\":%" PRId64
             ",\"elapsedMs\":%" PRId64,
             job_phase_names[progress->phase], progress->percent, progress->frames,
             per_second(progress, (double)progress->frames), speed(progress),
             progress->media_us / 1000, progress->duration_us / 1000, progress->elapsed_us / 1000);
    int64_t left = time_left(progress);
    if (left >= 0)
        text_add(out, ",\"leftMs\":%" PRId64, left / 1000);
    text_add(out, "}\n");
}

void progress_init(struct progress_display *display, enum progress_style style)
{
    if (style == PROGRESS_AUTO)
        style = terminal_is(stderr) ? PROGRESS_BAR : PROGRESS_NONE;
    *display = (struct progress_display){.style = style, .shown_us = INT64_MIN};
}

void progress_show(struct progress_display *display, const struct progress *progress)
{
    CLEANUP(text_release) struct text line = {0};
    if (display->style == PROGRESS_BAR) {
        progress_bar(progress, terminal_columns(stderr) - 1, &line);
        terminal_replace(stderr, line.data);
    }
    bool due = display->shown_us == INT64_MIN ||
               progress->elapsed_us - display->shown_us >= 1000000 || progress->percent >= 100;
    if (display->style == PROGRESS_JSON && due) {
        progress_json(progress, &line);
        fputs(line.data, stderr);
        display->shown_us = progress->elapsed_us;
    }
}

void progress_clear(struct progress_display *display)
{
    if (display->style == PROGRESS_BAR)
        terminal_replace(stderr, "");
}
