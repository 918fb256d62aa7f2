/* SPDX-License-Identifier: Apache-2.0 */
/* AudioDescription → the options of FFmpeg's AAC encoder. */
#include <ctype.h>
#include <string.h>

#include "plan/build.h"

/* VbrQuality as the encoder's global quality per channel (its VBR is experimental but real). */
static const char *const vbr_qualities[] = {
    [AAC_VBR_QUALITY_LOW] = "0.4",
    [AAC_VBR_QUALITY_MEDIUM_LOW] = "0.8",
    [AAC_VBR_QUALITY_MEDIUM_HIGH] = "1.4",
    [AAC_VBR_QUALITY_HIGH] = "2",
};

static int channels_of(const struct build *build, const struct aac_settings *aac, int track)
{
    switch (aac->CodingMode) {
    case AAC_CODING_MODE_CODING_MODE_1_0:
        return 1;
    case AAC_CODING_MODE_CODING_MODE_5_1:
        return 6;
    default:
        break;
    }
    int stream = build->plan->tracks[track].stream;
    if (aac->CodingMode != AAC_CODING_MODE_CODING_MODE_AUTO || stream < 0)
        return 2;
    int channels = build->probe->tracks[stream].channels; /* AUTO follows the input */
    return channels == 1 ? 1 : channels >= 6 ? 6 : 2;
}

/* The service's own defaults for LC. */
static int64_t default_bitrate(int channels)
{
    return channels == 1 ? 64000 : channels == 2 ? 96000 : 288000;
}

static const char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* "Follow input uses the language of the input track if present, else the one specified." */
static const char *decide_language(struct build *build, const struct audio_description *audio,
                                   int track)
{
    const char *configured = audio->CustomLanguageCode;
    if (!configured && audio->has_LanguageCode)
        configured = language_code_choices[audio->LanguageCode].name;
    const char *input = build->plan->tracks[track].language;
    bool use_configured = audio->LanguageCodeControl == AUDIO_LANGUAGE_CODE_CONTROL_USE_CONFIGURED;
    const char *language = use_configured || !input ? configured : input;
    return language ? lower(build->arena, language) : "und";
}

static bool same_audio(const struct plan_audio *a, const struct plan_audio *b)
{
    return a->track == b->track && a->sample_rate == b->sample_rate && a->channels == b->channels &&
           a->bitrate == b->bitrate && a->mpeg2 == b->mpeg2 && a->match_video == b->match_video &&
           a->options_count == b->options_count &&
           (!a->options_count || !strcmp(a->options[0].value, b->options[0].value));
}

static int encode_for(struct build *build, const struct audio_description *description,
                      bool match_video, int *ret, struct error *err)
{
    struct plan *plan = build->plan;
    const struct aac_settings *aac = description->CodecSettings->AacSettings;
    struct plan_audio audio = {.mpeg2 = aac->Specification == AAC_SPECIFICATION_MPEG2,
                               .match_video = match_video};
    if (source_track(build, description, &audio.track, err) < 0)
        return -1;
    audio.sample_rate = (int)aac->SampleRate;
    audio.channels = channels_of(build, aac, audio.track);
    audio.options = ARENA_ARRAY(build->arena, struct plan_option, 1);
    audio.options_count = 1;
    if (aac->RateControlMode == AAC_RATE_CONTROL_MODE_VBR) {
        audio.options[0] = (struct plan_option){"q", vbr_qualities[aac->VbrQuality]};
    } else {
        audio.bitrate = aac->has_Bitrate ? aac->Bitrate : default_bitrate(audio.channels);
        audio.options[0] =
            (struct plan_option){"b", arena_printf(build->arena, "%lld", (long long)audio.bitrate)};
    }

    for (int i = 0; i < plan->audios_count; i++) {
        if (same_audio(&plan->audios[i], &audio)) {
            *ret = i;
            return 0;
        }
    }
    plan->audios[plan->audios_count] = audio;
    *ret = plan->audios_count++;
    return 0;
}

int audio_build(struct build *build, const struct output *output, bool match_video,
                struct plan_output *plan_output, struct error *err)
{
    for (struct audio_description **a = output->AudioDescriptions; *a; a++) {
        if (plan_output->audios_count == PLAN_MAX_AUDIOS)
            return error_set(err, ERROR_SETTINGS, "more than %d audio tracks in one output",
                             PLAN_MAX_AUDIOS);
        struct plan_output_audio *ret = &plan_output->audios[plan_output->audios_count];
        if (encode_for(build, *a, match_video, &ret->audio, err) < 0)
            return -1;
        ret->language = decide_language(build, *a, build->plan->audios[ret->audio].track);
        ret->stream_name = (*a)->StreamName;
        ret->audio_type =
            (*a)->AudioTypeControl == AUDIO_TYPE_CONTROL_USE_CONFIGURED || (*a)->has_AudioType
                ? (int)(*a)->AudioType
                : 0;
        plan_output->audios_count++;
    }
    return 0;
}
