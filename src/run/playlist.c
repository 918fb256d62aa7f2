/* SPDX-License-Identifier: Apache-2.0 */
#include "run/playlist.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/mux.h"

static const char content_type[] = "application/vnd.apple.mpegurl";

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

static int put_playlist(struct run *run, int group, int output, const char *uri,
                        const struct text *text, struct error *err)
{
    const struct plan_hls *hls = &run->plan->groups[group].hls;
    if (!hls->gzip)
        return run_put_in(run, group, output, "playlist", uri, content_type, NULL, text->data,
                          text->size, 0, err);

    /* Level and header are fixed, so that the bytes are. */
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_set(err, ERROR_BUG, "out of memory");
    uLong room = deflateBound(&z, (uLong)text->size);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    unsigned char *packed = arena_alloc(arena, room);
    z.next_in = (unsigned char *)text->data;
    z.avail_in = (uInt)text->size;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    int r = deflate(&z, Z_FINISH);
    size_t size = room - z.avail_out;
    deflateEnd(&z);
    if (r != Z_STREAM_END)
        return error_set(err, ERROR_BUG, "gzip failed: %d", r);
    return run_put_in(run, group, output, "playlist", uri, content_type, "gzip", packed, size, 0,
                      err);
}

/* A relative URI in a playlist: an object's name may hold anything, a line of a playlist may not.
 * A slash stays one. */
static void add_uri(struct text *out, const char *name)
{
    static const char kept[] = "-._~!$&'()*+,;=:@/";
    for (const char *c = name; *c; c++) {
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
            strchr(kept, *c))
            text_append(out, c, 1);
        else
            text_add(out, "%%%02X", (unsigned char)*c);
    }
}

/* ---- child playlists ---- */

/* What EXTINF says; a player adds up TARGETDURATION from it. */
static double shown_duration(const struct plan_hls *hls, const struct segment *segment)
{
    double duration = seconds(segment->duration_us);
    return hls->integer_durations ? fmax(round(duration), 1) : duration;
}

static int target_duration(const struct plan_hls *hls, const struct rendition *rendition)
{
    double most = 1;
    for (int i = 0; i < rendition->count; i++) {
        double duration = seconds(rendition->segments[i].duration_us);
        /* 6.000001 is six: timestamps are rounded to microseconds */
        double target = hls->target_rounds_up ? ceil(duration - 1e-3) : round(duration);
        most = fmax(most, target);
    }
    return (int)most;
}

static void add_date_time(const struct run *run, const struct plan_hls *hls,
                          const struct segment *segment, int64_t *next_us, struct text *out)
{
    if (!hls->program_date_time || segment->start_us < *next_us)
        return;
    char time[64];
    text_add(out, "#EXT-X-PROGRAM-DATE-TIME:%sZ\n",
             clock_format_ms(run->plan->start_wall_us + segment->start_us, time));
    *next_us = segment->start_us + hls->date_time_period_us;
}

static void write_child(const struct run *run, const struct plan_group *group, int index,
                        struct text *out)
{
    const struct plan_hls *hls = &group->hls;
    const struct rendition *rendition = &run->renditions[index];
    text_add(out, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n", hls->version,
             target_duration(hls, rendition));
    text_add(out, "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    if (hls->allow_cache_tag)
        text_add(out, "#EXT-X-ALLOW-CACHE:no\n");
    int64_t next_date_us = 0;
    for (int i = 0; i < rendition->count; i++) {
        const struct segment *segment = &rendition->segments[i];
        add_date_time(run, hls, segment, &next_date_us, out);
        text_add(out, "#EXTINF:%.*f,\n", hls->integer_durations ? 0 : 3,
                 shown_duration(hls, segment));
        if (hls->single_file)
            text_add(out, "#EXT-X-BYTERANGE:%lld@%lld\n", (long long)segment->bytes,
                     (long long)segment->offset);
        text_add(out, "%s", run->plan->outputs[index].rendition.uri_prefix); /* a URI already */
        add_uri(out, segment->path);
        text_add(out, "\n");
    }
    text_add(out, "#EXT-X-ENDLIST\n");
}

/* ---- the top-level playlist ---- */

double playlist_peak_bandwidth(const struct rendition *rendition, double target_seconds)
{
    double peak = 0, bytes = 0, time = 0;
    for (int first = 0; first < rendition->count; first++) {
        double run_bytes = 0, run_time = 0;
        for (int i = first; i < rendition->count; i++) {
            run_bytes += (double)rendition->segments[i].bytes;
            run_time += seconds(rendition->segments[i].duration_us);
            if (run_time > 1.5 * target_seconds)
                break;
            if (run_time >= 0.5 * target_seconds && run_time > 0)
                peak = fmax(peak, run_bytes * 8 / run_time);
        }
        bytes += (double)rendition->segments[first].bytes;
        time += seconds(rendition->segments[first].duration_us);
    }
    return peak > 0   ? peak
           : time > 0 ? bytes * 8 / time
                      : 0; /* all of it is shorter than half a target */
}

static double mean_bandwidth(const struct rendition *rendition)
{
    double time = 0;
    for (int i = 0; i < rendition->count; i++)
        time += seconds(rendition->segments[i].duration_us);
    return time > 0 ? (double)rendition->bytes * 8 / time : 0;
}

static void add_audio_codec(struct text *codecs)
{
    if (codecs->data && strstr(codecs->data, "mp4a.40.2"))
        return;
    text_add(codecs, "%smp4a.40.2", codecs->size ? "," : "");
}

static bool is_alternate_audio(const struct plan_output *output)
{
    return output->video < 0 && !output->rendition.audio_only_variant;
}

struct variant {
    double peak, mean;
    struct text codecs;
};

static void measure(const struct run *run, const struct plan_group *group, int index,
                    const char *set, struct variant *variant)
{
    const struct plan_output *output = &run->plan->outputs[index];
    double target = target_duration(&group->hls, &run->renditions[index]);
    variant->peak = playlist_peak_bandwidth(&run->renditions[index], target);
    variant->mean = mean_bandwidth(&run->renditions[index]);
    if (output->video >= 0)
        text_add(&variant->codecs, "%s", run->video_codecs[output->video]);
    if (output->audios_count)
        add_audio_codec(&variant->codecs);

    /* A variant takes as much as the largest rendition of its audio group besides its own. */
    double peak = 0, mean = 0;
    for (int i = group->outputs_first; set && i < group->outputs_first + group->outputs_count;
         i++) {
        const struct plan_output *audio = &run->plan->outputs[i];
        if (!is_alternate_audio(audio) || strcmp(audio->rendition.audio_group, set))
            continue;
        peak =
            fmax(peak, playlist_peak_bandwidth(&run->renditions[i],
                                               target_duration(&group->hls, &run->renditions[i])));
        mean = fmax(mean, mean_bandwidth(&run->renditions[i]));
        add_audio_codec(&variant->codecs);
    }
    variant->peak += peak;
    variant->mean += mean;
}

static void add_variant(const struct run *run, const struct plan_group *group, int index,
                        const char *set, struct text *out)
{
    const struct plan_output *output = &run->plan->outputs[index];
    struct variant variant = {0};
    measure(run, group, index, set, &variant);
    text_add(out, "#EXT-X-STREAM-INF:BANDWIDTH=%.0f,AVERAGE-BANDWIDTH=%.0f,CODECS=\"%s\"",
             ceil(variant.peak), ceil(variant.mean),
             variant.codecs.data ? variant.codecs.data : "");
    if (output->video >= 0) {
        const struct plan_video *video = &run->plan->videos[output->video];
        const struct plan_picture *picture = &run->plan->pictures[video->picture];
        if (group->hls.resolution)
            text_add(out, ",RESOLUTION=%dx%d", picture->width, picture->height);
        text_add(out, ",FRAME-RATE=%.3f", av_q2d(video->frame_rate));
    }
    if (set)
        text_add(out, ",AUDIO=\"%s\"", set);
    if (group->hls.captions_none && output->video >= 0)
        text_add(out, ",CLOSED-CAPTIONS=NONE");
    text_add(out, "\n");
    add_uri(out, output->rendition.playlist_path);
    text_add(out, "\n");
    text_release(&variant.codecs);
}

static void add_media(const struct run *run, int index, struct text *out)
{
    const struct plan_output *output = &run->plan->outputs[index];
    const struct plan_rendition *rendition = &output->rendition;
    const struct plan_output_audio *audio = &output->audios[0];
    text_add(out,
             "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\",LANGUAGE=\"%s\",NAME=\"%s\",AUTOSELECT=%s,"
             "DEFAULT=%s",
             rendition->audio_group, audio->language,
             audio->stream_name ? audio->stream_name : "Alternate Audio",
             rendition->autoselect ? "YES" : "NO", rendition->is_default ? "YES" : "NO");
    if (rendition->descriptive_video)
        text_add(out, ",CHARACTERISTICS=\"public.accessibility.describes-video\"");
    text_add(out, ",URI=\"");
    add_uri(out, rendition->playlist_path);
    text_add(out, "\"\n");
}

static void write_top_level(const struct run *run, const struct plan_group *group, struct text *out)
{
    text_add(out, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n", group->hls.version);
    int end = group->outputs_first + group->outputs_count;
    for (int i = group->outputs_first; i < end; i++) {
        const char *const *sets = run->plan->outputs[i].rendition.audio_sets;
        if (is_alternate_audio(&run->plan->outputs[i]))
            continue;
        if (!sets[0])
            add_variant(run, group, i, NULL, out);
        for (int k = 0; sets[k]; k++)
            add_variant(run, group, i, sets[k], out);
    }
    for (int i = group->outputs_first; i < end; i++)
        if (is_alternate_audio(&run->plan->outputs[i]))
            add_media(run, i, out);
}

int playlist_put_group(struct run *run, int index, struct error *err)
{
    const struct plan_group *group = &run->plan->groups[index];
    if (!group->hls.playlists)
        return 0;
    for (int i = group->outputs_first; i < group->outputs_first + group->outputs_count; i++) {
        CLEANUP(text_release) struct text text = {0};
        write_child(run, group, i, &text);
        if (put_playlist(run, index, i, run->plan->outputs[i].rendition.playlist_uri, &text, err) <
            0)
            return -1;
    }
    CLEANUP(text_release) struct text text = {0};
    write_top_level(run, group, &text);
    return put_playlist(run, index, -1, group->hls.playlist_uri, &text, err);
}
