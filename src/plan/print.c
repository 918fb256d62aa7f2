/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text, for people and for the golden tests; and as JSON, for programs. */
#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <libavutil/avutil.h>
#include <libavutil/pixdesc.h>

#include "plan/build.h"

static const char *const container_names[] = {
    [CONTAINER_MP4] = "MP4",
    [CONTAINER_TS] = "MPEG-TS segments",
    [CONTAINER_ADTS] = "AAC segments",
    [CONTAINER_RAW_AAC] = "raw AAC",
    [CONTAINER_CAPTURE] = "JPEG captures",
};
static const char *const fit_names[] = {
    [FIT_PAD] = "pad", [FIT_STRETCH] = "stretch", [FIT_FILL] = "fill"};

static const char *or_unknown(const char *name)
{
    return name && strcmp(name, "unknown") ? name : "unspecified";
}

static void print_threads(struct text *out, int threads)
{
    text_add(out, "%d thread%s", threads, threads == 1 ? "" : "s");
}

static void print_ratio(struct text *out, AVRational ratio)
{
    if (ratio.den == 1)
        text_add(out, "%d", ratio.num);
    else
        text_add(out, "%d/%d", ratio.num, ratio.den);
}

static void print_source(const struct plan *plan, struct text *out)
{
    const struct plan_source *source = &plan->source;
    const struct probe *probe = source->probe;
    const char *name = strrchr(probe->uri, '/');
    text_add(out, "input %s: %s, %.3f s\n", name ? name + 1 : probe->uri, probe->format,
             (double)source->duration_us / 1e6);
    if (source->video >= 0) {
        const struct probe_track *track = &probe->tracks[source->video];
        text_add(out, "  video: track %d, %s %dx%d %s, pixels %d:%d, ", track->index + 1,
                 track->codec_name, source->width, source->height,
                 or_unknown(av_get_pix_fmt_name(track->format)), source->sar.num, source->sar.den);
        print_ratio(out, source->frame_rate);
        text_add(out, " fps, colour %s/%s/%s %s, decoded by ",
                 or_unknown(av_color_primaries_name(source->colour.primaries)),
                 or_unknown(av_color_transfer_name(source->colour.transfer)),
                 or_unknown(av_color_space_name(source->colour.matrix)),
                 source->colour.range == AVCOL_RANGE_JPEG   ? "full range"
                 : source->colour.range == AVCOL_RANGE_MPEG ? "limited range"
                                                            : "range unspecified");
        print_threads(out, source->decoder_threads);
        text_add(out, "\n");
    }
    for (int i = 0; i < plan->tracks_count; i++) {
        const struct plan_track *track = &plan->tracks[i];
        if (track->stream < 0) {
            text_add(out, "  audio '%s': silence\n", track->selector);
            continue;
        }
        const struct probe_track *stream = &probe->tracks[track->stream];
        text_add(out, "  audio '%s': track %d, %s %d Hz, %d channel%s\n", track->selector,
                 stream->index + 1, stream->codec_name, stream->sample_rate, stream->channels,
                 stream->channels == 1 ? "" : "s");
    }
    text_add(out, "  starts at %.3f s", (double)source->start_us / 1e6);
    if (source->filters)
        text_add(out, ", filters %s", source->filters);
    if (source->pad_with_black)
        text_add(out, ", padded with black");
    text_add(out, "\n");
}

static void print_pictures(const struct plan *plan, struct text *out)
{
    for (int i = 0; i < plan->pictures_count; i++) {
        const struct plan_picture *picture = &plan->pictures[i];
        struct plan_mapping map =
            plan_map(picture, plan->source.width, plan->source.height, plan->source.sar);
        text_add(out,
                 "picture %d: %dx%d %s, pixels %d:%d, %s, %s %d, content %dx%d at %d,%d, from ", i,
                 picture->width, picture->height, av_get_pix_fmt_name(picture->format),
                 picture->sar.num, picture->sar.den, fit_names[picture->fit],
                 picture->bilinear ? "bilinear, sharpness" : "sharpness", picture->sharpness,
                 map.width, map.height, map.x, map.y);
        if (picture->parent >= 0)
            text_add(out, "picture %d\n", picture->parent);
        else
            text_add(out, "the input\n");
    }
}

static void print_options(const struct plan_option *options, int count, struct text *out)
{
    for (int i = 0; i < count; i++)
        text_add(out, " %s=%s", options[i].name, options[i].value);
    text_add(out, "\n");
}

static void print_encodes(const struct plan *plan, struct text *out)
{
    for (int i = 0; i < plan->videos_count; i++) {
        const struct plan_video *video = &plan->videos[i];
        text_add(out, "video %d: picture %d, ", i, video->picture);
        print_ratio(out, video->frame_rate);
        text_add(out, " fps, GOP %d frames, H.264 %s", video->gop_frames, video->profile);
        if (video->level)
            text_add(out, " level %s", video->level);
        if (video->passes > 1)
            text_add(out, ", %d passes", video->passes);
        text_add(out, ", ");
        print_threads(out, video->threads);
        text_add(out, ", colour %s\n  libx264", video->write_colour ? "written" : "not written");
        print_options(video->options, video->options_count, out);
    }
    for (int i = 0; i < plan->audios_count; i++) {
        const struct plan_audio *audio = &plan->audios[i];
        text_add(out, "audio %d: '%s', AAC LC %d Hz, %d channel%s%s%s\n  aac", i,
                 plan->tracks[audio->track].selector, audio->sample_rate, audio->channels,
                 audio->channels > 1 ? "s" : "", audio->mpeg2 ? ", MPEG-2" : "",
                 audio->match_video ? ", as long as the video" : "");
        print_options(audio->options, audio->options_count, out);
    }
}

/* "s3://bucket/a_360_%05d.ts"; with SINGLE_FILE there is no number, for all are in one object. */
static void add_segments(const struct plan_hls *hls, const struct plan_rendition *rendition,
                         struct text *out)
{
    text_add(out, "%s%s%s%s%s%s", rendition->segment_prefix, rendition->subdirectory,
             rendition->segment_name, rendition->segment_modifier, hls->single_file ? "" : "_%05d",
             rendition->segment_suffix);
}

static void print_hls_output(const struct plan_hls *hls, const struct plan_output *output,
                             struct text *out)
{
    const struct plan_rendition *rendition = &output->rendition;
    text_add(out, "    playlist %s\n    segments %s", rendition->playlist_uri,
             hls->single_file ? "in " : "");
    add_segments(hls, rendition, out);
    text_add(out, ", %.3f s", (double)rendition->segment_us / 1e6);
    if (rendition->segment_frames)
        text_add(out, " (%d frames)", rendition->segment_frames);
    text_add(out, "\n");
    if (output->container == CONTAINER_TS)
        text_add(out, "    program %d, PMT PID %d, video PID %d, first PTS %.3f s\n",
                 output->ts.program_number, output->ts.pmt_pid, output->ts.video_pid,
                 (double)output->ts.pts_offset_us / 1e6);
    for (int i = 0; rendition->audio_sets[i]; i++)
        text_add(out, "    with audio \"%s\"\n", rendition->audio_sets[i]);
    if (rendition->audio_group && !rendition->audio_only_variant)
        text_add(out, "    is audio \"%s\"%s\n", rendition->audio_group,
                 rendition->is_default ? ", default" : "");
}

static void print_file_output(const struct plan_output *output, struct text *out)
{
    if (output->container == CONTAINER_CAPTURE) {
        text_add(out,
                 "    objects %s.%%07d.%s, one every %g s, at most %d, quality %d, picture %d\n",
                 output->uri, output->capture.extension,
                 (double)output->capture.denominator / (double)output->capture.numerator,
                 output->capture.max_captures, output->capture.quality, output->capture.picture);
        return;
    }
    text_add(out, "    object %s\n", output->uri);
    if (output->container == CONTAINER_MP4)
        text_add(out, "    moov %s, %s, ctts version %d%s\n",
                 output->mp4.moov_first ? "first" : "last", output->mp4.cslg ? "cslg" : "no cslg",
                 output->mp4.ctts_version, output->mp4.free_space_box ? ", free box" : "");
}

static void print_output(const struct plan *plan, const struct plan_output *output,
                         struct text *out)
{
    text_add(out, "  %s: %s (%s)", output->label, container_names[output->container],
             output->content_type);
    if (output->video >= 0)
        text_add(out, ", video %d", output->video);
    for (int i = 0; i < output->audios_count; i++)
        text_add(out, ", audio %d [%s]", output->audios[i].audio, output->audios[i].language);
    text_add(out, "\n");
    if (plan->groups[output->group].type == GROUP_HLS)
        print_hls_output(&plan->groups[output->group].hls, output, out);
    else
        print_file_output(output, out);
}

static void print_group(const struct plan *plan, const struct plan_group *group, struct text *out)
{
    text_add(out, "group '%s' (%s)", group->name, group->type == GROUP_HLS ? "HLS" : "files");
    if (group->headers.canned_acl)
        text_add(out, ", ACL %s", group->headers.canned_acl);
    if (group->headers.storage_class)
        text_add(out, ", storage class %s", group->headers.storage_class);
    if (group->headers.encryption)
        text_add(out, ", encrypted by %s", group->headers.encryption);
    text_add(out, "\n");
    if (group->type == GROUP_HLS && group->hls.playlists)
        text_add(out, "  playlist %s, version %d\n", group->hls.playlist_uri, group->hls.version);
    for (int i = 0; i < group->outputs_count; i++)
        print_output(plan, &plan->outputs[group->outputs_first + i], out);
}

void plan_print(const struct plan *plan, struct text *out)
{
    print_source(plan, out);
    print_pictures(plan, out);
    print_encodes(plan, out);
    for (int i = 0; i < plan->groups_count; i++)
        print_group(plan, &plan->groups[i], out);
    for (int i = 0; i < plan->infos_count; i++)
        text_add(out, "info: %s\n", plan->infos[i]);
}

/* ---- JSON ---- */

static void add_ratio(cJSON *object, const char *name, AVRational ratio)
{
    char text[32];
    snprintf(text, sizeof(text), "%d/%d", ratio.num, ratio.den);
    cJSON_AddStringToObject(object, name, text);
}

static void add_options(cJSON *object, const struct plan_option *options, int count)
{
    cJSON *list = cJSON_AddObjectToObject(object, "options");
    for (int i = 0; i < count; i++)
        cJSON_AddStringToObject(list, options[i].name, options[i].value);
}

static cJSON *video_to_json(const struct plan *plan, const struct plan_video *video)
{
    const struct plan_picture *picture = &plan->pictures[video->picture];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "width", picture->width);
    cJSON_AddNumberToObject(object, "height", picture->height);
    add_ratio(object, "pixelAspectRatio", picture->sar);
    cJSON_AddStringToObject(object, "pixelFormat", av_get_pix_fmt_name(picture->format));
    add_ratio(object, "frameRate", video->frame_rate);
    cJSON_AddNumberToObject(object, "gopFrames", video->gop_frames);
    cJSON_AddNumberToObject(object, "passes", video->passes);
    cJSON_AddNumberToObject(object, "threads", video->threads);
    cJSON_AddStringToObject(object, "encoder", "libx264");
    add_options(object, video->options, video->options_count);
    return object;
}

static cJSON *audio_to_json(const struct plan *plan, const struct plan_output_audio *output_audio)
{
    const struct plan_audio *audio = &plan->audios[output_audio->audio];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "selector", plan->tracks[audio->track].selector);
    if (plan->tracks[audio->track].stream < 0)
        cJSON_AddBoolToObject(object, "silence", true);
    cJSON_AddStringToObject(object, "language", output_audio->language);
    cJSON_AddNumberToObject(object, "sampleRate", audio->sample_rate);
    cJSON_AddNumberToObject(object, "channels", audio->channels);
    cJSON_AddStringToObject(object, "encoder", "aac");
    add_options(object, audio->options, audio->options_count);
    return object;
}

static cJSON *output_to_json(const struct plan *plan, const struct plan_output *output)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "container", container_names[output->container]);
    cJSON_AddStringToObject(object, "contentType", output->content_type);
    if (plan->groups[output->group].type == GROUP_HLS) {
        const struct plan_rendition *rendition = &output->rendition;
        CLEANUP(text_release) struct text segments = {0};
        add_segments(&plan->groups[output->group].hls, rendition, &segments);
        cJSON_AddStringToObject(object, "playlist", rendition->playlist_uri);
        cJSON_AddStringToObject(object, "segments", segments.data);
        cJSON_AddNumberToObject(object, "segmentSeconds", (double)rendition->segment_us / 1e6);
    } else if (output->container == CONTAINER_CAPTURE) {
        char captures[2048];
        snprintf(captures, sizeof(captures), "%s.%%07d.%s", output->uri, output->capture.extension);
        cJSON_AddStringToObject(object, "captures", captures);
        cJSON_AddNumberToObject(object, "captureSeconds",
                                (double)output->capture.denominator /
                                    (double)output->capture.numerator);
    } else {
        cJSON_AddStringToObject(object, "object", output->uri);
    }
    if (output->video >= 0)
        cJSON_AddItemToObject(object, "video", video_to_json(plan, &plan->videos[output->video]));
    cJSON *audios = cJSON_AddArrayToObject(object, "audio");
    for (int i = 0; i < output->audios_count; i++)
        cJSON_AddItemToArray(audios, audio_to_json(plan, &output->audios[i]));
    return object;
}

cJSON *plan_to_json(const struct plan *plan)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "input", plan->source.probe->uri);
    cJSON_AddNumberToObject(object, "durationSeconds", (double)plan->source.duration_us / 1e6);
    if (plan->source.video >= 0)
        cJSON_AddNumberToObject(object, "decoderThreads", plan->source.decoder_threads);
    if (plan->source.filters)
        cJSON_AddStringToObject(object, "filters", plan->source.filters);
    cJSON *groups = cJSON_AddArrayToObject(object, "outputGroups");
    for (int i = 0; i < plan->groups_count; i++) {
        const struct plan_group *group = &plan->groups[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(groups, item);
        cJSON_AddStringToObject(item, "name", group->name);
        cJSON_AddStringToObject(item, "type",
                                group->type == GROUP_HLS ? group_hls.name : group_file.name);
        if (group->type == GROUP_HLS && group->hls.playlists)
            cJSON_AddStringToObject(item, "playlist", group->hls.playlist_uri);
        cJSON *outputs = cJSON_AddArrayToObject(item, "outputs");
        for (int k = 0; k < group->outputs_count; k++)
            cJSON_AddItemToArray(outputs,
                                 output_to_json(plan, &plan->outputs[group->outputs_first + k]));
    }
    cJSON *infos = cJSON_AddArrayToObject(object, "info");
    for (int i = 0; i < plan->infos_count; i++)
        cJSON_AddItemToArray(infos, cJSON_CreateString(plan->infos[i]));
    return object;
}
