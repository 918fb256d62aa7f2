/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* --- the table --- */

/* Objects of one kind and one output. */
struct line {
    const char *folder; /* the URI up to its last slash of the first object, `folder_size` bytes */
    int folder_size;
    const char *stem; /* what the names begin with, `stem_size` bytes of the URI */
    int stem_size;
    const char *first; /* URI of the first object */
    const char *kind;
    int count;
    int64_t bytes, duration_us;
};

static int folder_size(const char *uri)
{
    return (int)(strrchr(uri, '/') + 1 - uri);
}

/* How much of an output's path all of its objects have in common: "…/film_360" of
 * "…/film_360.m3u8", "…/film." of the capture "…/film.0000006.jpg". */
static int stem_size(const char *path)
{
    const char *name = path + folder_size(path), *dot = strrchr(name, '.');
    if (!dot)
        return (int)strlen(path);
    const char *counter = dot;
    while (counter > name && counter[-1] >= '0' && counter[-1] <= '9')
        counter--;
    bool capture = dot - counter == 7 && counter > name && counter[-1] == '.';
    return (int)((capture ? counter : dot) - path);
}

/* The length of the longest stem of any output that this object's URI begins with, 0 if none. */
static int belongs_to(const struct report *report, const char *uri)
{
    int best = 0;
    for (int g = 0; g < report->groups_count; g++) {
        const struct report_group *group = &report->groups[g];
        for (int o = 0; o < group->outputs_count; o++) {
            for (const char *const *p = group->outputs[o].paths; p && *p; p++) {
                int size = stem_size(*p);
                if (size > best && !strncmp(uri, *p, (size_t)size))
                    best = size;
            }
        }
    }
    return best;
}

static bool same_line(const struct line *line, const char *uri, int stem, const char *kind)
{
    return stem && line->stem_size == stem && !strncmp(line->stem, uri, (size_t)stem) &&
           line->folder_size == folder_size(uri) &&
           !strncmp(line->folder, uri, (size_t)line->folder_size) && !strcmp(line->kind, kind);
}

static int by_name(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int size = x->folder_size < y->folder_size ? x->folder_size : y->folder_size;
    int folders = strncmp(x->folder, y->folder, (size_t)size);
    if (folders || x->folder_size != y->folder_size)
        return folders ? folders : x->folder_size - y->folder_size;
    return strcmp(x->first, y->first);
}

/* Puts the objects into lines, sorted by folder and name; returns how many. */
static int make_lines(const struct report *report, struct line *lines)
{
    int count = 0;
    for (int i = 0; i < report->objects_count; i++) {
        const struct report_object *object = &report->objects[i];
        int stem = belongs_to(report, object->uri), at = 0;
        while (at < count && !same_line(&lines[at], object->uri, stem, object->kind))
            at++;
        struct line *line = &lines[at];
        if (at == count) {
            *line = (struct line){.folder = object->uri,
                                  .folder_size = folder_size(object->uri),
                                  .stem = object->uri,
                                  .stem_size = stem,
                                  .first = object->uri,
                                  .kind = object->kind};
            count++;
        }
        line->count++;
        line->bytes += object->bytes;
        line->duration_us += object->duration_us;
    }
    qsort(lines, (size_t)count, sizeof(*lines), by_name);
    return count;
}

/* "film_360*.ts" where there are several, else the name. */
static void add_pattern(struct text *text, const struct line *line)
{
    const char *name = line->first + line->folder_size, *dot = strrchr(name, '.');
    int prefix = line->stem_size - line->folder_size;
    bool several = line->count > 1 && prefix >= 0 && dot;
    if (several) {
        text_add_printable(text, name, (size_t)prefix);
        text_add(text, "*");
    }
    text_add_printable(text, several ? dot : name, strlen(several ? dot : name));
}

static int name_width(const struct line *lines, int count)
{
    size_t width = 0;
    for (int i = 0; i < count; i++) {
        CLEANUP(text_release) struct text name = {0};
        add_pattern(&name, &lines[i]);
        width = name.size > width ? name.size : width;
    }
    return (int)width;
}

static void add_line(struct text *out, const struct line *line, int width)
{
    char bytes[32], duration[32], bitrate[32], count[32] = "";
    CLEANUP(text_release) struct text name = {0};
    add_pattern(&name, line);
    if (line->count > 1)
        snprintf(count, sizeof(count), "%d objects", line->count);
    text_add(out, "  %-*s  %-13s  %13s  %11s", width, name.data, line->kind, count,
             text_bytes(line->bytes, bytes));
    if (line->duration_us > 0)
        text_add(out, "  %8s  %10s", text_duration(line->duration_us, duration),
                 text_bitrate((double)line->bytes * 8e6 / (double)line->duration_us, bitrate));
    text_add(out, "\n");
}

void report_table(const struct report *report, struct text *out)
{
    size_t most = (size_t)report->objects_count + 1;
    CLEANUP(free_pointer) struct line *lines = calloc(most, sizeof(*lines));
    if (!lines)
        return;
    int count = make_lines(report, lines), width = name_width(lines, count);
    for (int i = 0; i < count; i++) {
        const struct line *line = &lines[i];
        bool again = i && lines[i - 1].folder_size == line->folder_size &&
                     !strncmp(lines[i - 1].folder, line->folder, (size_t)line->folder_size);
        if (!again) {
            text_add_printable(out, line->folder, (size_t)line->folder_size);
            text_add(out, "\n");
        }
        add_line(out, line, width);
    }
}

void report_total(const struct report *report, const struct progress *progress, const char *storage,
                  struct text *out)
{
    int64_t bytes = 0;
    for (int i = 0; i < report->objects_count; i++)
        bytes += report->objects[i].bytes;
    char size[32];
    double seconds = (double)progress->elapsed_us / 1e6;
    text_add(out, "%d object%s, %s, in ", report->objects_count,
             report->objects_count == 1 ? "" : "s", text_bytes(bytes, size));
    text_add_printable(out, storage, strlen(storage));
    text_add(out, "; %.1f s", seconds);
    if (seconds > 0 && progress->media_us > 0)
        text_add(out, ", %.1f times as fast as it plays",
                 (double)progress->media_us / 1e6 / seconds);
    if (seconds > 0 && progress->frames > 0)
        text_add(out, ", %.0f frames/s", (double)progress->frames / seconds);
    text_add(out, "\n");
}

/* --- JSON --- */

static cJSON *paths_to_json(const char *const *paths)
{
    cJSON *array = cJSON_CreateArray();
    for (; paths && *paths; paths++)
        cJSON_AddItemToArray(array, cJSON_CreateString(*paths));
    return array;
}

/* As an event has them: two decimals, places in ms. */
static void add_qvbr(cJSON *video, const struct report_output *output)
{
    cJSON_AddNumberToObject(video, "qvbrAvgQuality", round(output->qvbr_average * 100) / 100);
    cJSON_AddNumberToObject(video, "qvbrMinQuality", round(output->qvbr_least * 100) / 100);
    cJSON_AddNumberToObject(video, "qvbrMaxQuality", round(output->qvbr_most * 100) / 100);
    cJSON_AddNumberToObject(video, "qvbrMinQualityLocation", (double)output->qvbr_least_ms);
    cJSON_AddNumberToObject(video, "qvbrMaxQualityLocation", (double)output->qvbr_most_ms);
}

static cJSON *output_to_json(const struct report_output *output)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "outputFilePaths", paths_to_json(output->paths));
    cJSON_AddNumberToObject(object, "durationInMs", (double)output->duration_ms);
    if (output->width) {
        cJSON *video = cJSON_AddObjectToObject(object, "videoDetails");
        cJSON_AddNumberToObject(video, "widthInPx", output->width);
        cJSON_AddNumberToObject(video, "heightInPx", output->height);
        if (output->average_bitrate > 0)
            cJSON_AddNumberToObject(video, "averageBitrate",
                                    (double)(int64_t)output->average_bitrate);
        if (output->qvbr_average > 0)
            add_qvbr(video, output);
    }
    return object;
}

static cJSON *group_to_json(const struct report_group *group)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *outputs = cJSON_AddArrayToObject(object, "outputDetails");
    for (int i = 0; i < group->outputs_count; i++)
        cJSON_AddItemToArray(outputs, output_to_json(&group->outputs[i]));
    cJSON_AddStringToObject(object, "type", group->type);
    if (group->playlists)
        cJSON_AddItemToObject(object, "playlistFilePaths", paths_to_json(group->playlists));
    return object;
}

/* messages.warning has what the job text asks for and does not get, then what the run met. */
static cJSON *messages_to_json(const struct report *report, const struct findings *findings)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *info = cJSON_AddArrayToObject(object, "info");
    for (int i = 0; i < report->infos_count; i++)
        cJSON_AddItemToArray(info, cJSON_CreateString(report->infos[i]));
    cJSON *warning = cJSON_AddArrayToObject(object, "warning");
    for (int i = 0; i < findings->count; i++) {
        if (findings->items[i].severity != FINDING_WARNING)
            continue;
        CLEANUP(text_release) struct text text = {0};
        text_add(&text, "%s: %s", findings->items[i].pointer, findings->items[i].message);
        cJSON_AddItemToArray(warning, cJSON_CreateString(text.data));
    }
    for (int i = 0; i < report->warnings_count; i++)
        cJSON_AddItemToArray(warning, cJSON_CreateString(report->warnings[i].message));
    return object;
}

/* [{code, count}], each code once. */
static cJSON *warnings_to_json(const struct report *report)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; i < report->warnings_count; i++) {
        int code = report->warnings[i].code, count = 0, first = i;
        for (int k = report->warnings_count - 1; k >= 0; k--) {
            if (report->warnings[k].code == code) {
                count++;
                first = k;
            }
        }
        if (first != i)
            continue;
        cJSON *warning = cJSON_CreateObject();
        cJSON_AddNumberToObject(warning, "code", code);
        cJSON_AddNumberToObject(warning, "count", count);
        cJSON_AddItemToArray(array, warning);
    }
    return array;
}

static cJSON *objects_to_json(const struct report *report)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; i < report->objects_count; i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "uri", report->objects[i].uri);
        cJSON_AddNumberToObject(object, "bytes", (double)report->objects[i].bytes);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

cJSON *report_to_json(const struct report *report, const struct findings *findings)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "status", "COMPLETE");
    cJSON *groups = cJSON_AddArrayToObject(object, "outputGroupDetails");
    for (int i = 0; i < report->groups_count; i++)
        cJSON_AddItemToArray(groups, group_to_json(&report->groups[i]));
    cJSON_AddItemToObject(object, "messages", messages_to_json(report, findings));
    cJSON_AddItemToObject(object, "warnings", warnings_to_json(report));
    cJSON_AddNumberToObject(object, "paddingInserted", (double)report->padding_inserted_ms);
    cJSON_AddItemToObject(object, "objects", objects_to_json(report));
    return object;
}
