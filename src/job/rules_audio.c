/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of audio tracks: where they come from, how channels are mixed, codecs other than AAC. */
#include <string.h>

#include "job/rules.h"

void rule_audio_source(const struct scope *scope)
{
    const char *name = scope->audio->AudioSourceName;
    struct input *input = scope->job->Inputs[0];
    if (!input || scope->has_default_sound || !name ||
        words_find(scope->sounds, name, strlen(name)) >= 0)
        return;
    warn(scope, &scope->audio->place, "AudioSourceName",
         "The track will be silent: the input has no audio selector \"%s\", and no default one",
         name);
}

/* Channels come alone or in pairs, up to 64. */
static bool is_channel_count(int64_t channels)
{
    return channels <= 1 || channels % 2 == 0;
}

static void check_mapping(const struct scope *scope, const struct remix_settings *r,
                          const struct channel_mapping *mapping)
{
    int count = list_count(mapping->OutputChannels);
    if (r->has_ChannelsOut && count != r->ChannelsOut)
        refuse(scope, &mapping->place, "OutputChannels", "Should have %lld items, the channelsOut",
               (long long)r->ChannelsOut);
    for (struct output_channel_mapping **c = mapping->OutputChannels; *c; c++) {
        bool fine = (*c)->has_InputChannelsFineTune;
        int inputs = fine ? (*c)->InputChannelsFineTune.count : (*c)->InputChannels.count;
        const char *member = fine ? "InputChannelsFineTune" : "InputChannels";
        if (fine && (*c)->has_InputChannels)
            refuse(scope, &(*c)->place, "InputChannels", "Excludes inputChannelsFineTune");
        else if (!fine && !(*c)->has_InputChannels)
            require(scope, &(*c)->place, "InputChannels");
        else if (r->has_ChannelsIn && inputs != r->ChannelsIn)
            refuse(scope, &(*c)->place, member, "Should have %lld items, the channelsIn",
                   (long long)r->ChannelsIn);
    }
}

static void check_remix(const struct scope *scope, const struct remix_settings *r)
{
    if (!is_channel_count(r->ChannelsOut))
        refuse(scope, &r->place, "ChannelsOut", "Should be 1 or an even number");
    if (r->has_AudioDescriptionAudioChannel && !r->has_AudioDescriptionDataChannel)
        require(scope, &r->place, "AudioDescriptionDataChannel");
    if (r->has_AudioDescriptionDataChannel && !r->has_AudioDescriptionAudioChannel)
        require(scope, &r->place, "AudioDescriptionAudioChannel");
    if (r->ChannelMapping)
        check_mapping(scope, r, r->ChannelMapping);
}

void rule_remix(const struct scope *scope)
{
    if (scope->audio->RemixSettings)
        check_remix(scope, scope->audio->RemixSettings);
}

void rule_selector_remix(const struct scope *scope)
{
    if (scope->selector->RemixSettings)
        check_remix(scope, scope->selector->RemixSettings);
}

void rule_channels(const struct scope *scope)
{
    const struct audio_codec_settings *s = scope->audio->CodecSettings;
    if (!s)
        return;
    static const char *const message = "Should be 0, 1 or an even number";
    if (s->WavSettings && !is_channel_count(s->WavSettings->Channels))
        refuse(scope, &s->WavSettings->place, "Channels", "%s", message);
    if (s->AiffSettings && !is_channel_count(s->AiffSettings->Channels))
        refuse(scope, &s->AiffSettings->place, "Channels", "%s", message);
    if (s->FlacSettings && !is_channel_count(s->FlacSettings->Channels))
        refuse(scope, &s->FlacSettings->place, "Channels", "%s", message);
}

/* The bit rates of a coding mode, from the API reference. */
struct dolby_rate {
    unsigned mode;
    int lowest, highest;
};

static const struct dolby_rate ac3_rates[] = {
    {AC3_CODING_MODE_CODING_MODE_1_0, 64000, 128000},
    {AC3_CODING_MODE_CODING_MODE_1_1, 128000, 384000},
    {AC3_CODING_MODE_CODING_MODE_2_0, 128000, 384000},
    {AC3_CODING_MODE_CODING_MODE_3_2_LFE, 384000, 640000},
};

static const struct dolby_rate eac3_rates[] = {
    {EAC3_CODING_MODE_CODING_MODE_1_0, 32000, 3024000},
    {EAC3_CODING_MODE_CODING_MODE_2_0, 96000, 3024000},
    {EAC3_CODING_MODE_CODING_MODE_3_2, 192000, 3024000},
};

static void check_dolby_bitrate(const struct scope *scope, const struct place *place,
                                const char *codec, int64_t bitrate, const struct dolby_rate *rate)
{
    const int step = 8000;
    if (bitrate % step)
        refuse(scope, place, "Bitrate", "Should be a multiple of %d", step);
    if (rate && (bitrate < rate->lowest || bitrate > rate->highest))
        refuse(scope, place, "Bitrate", /* the service's own words */
               "You specified a %s audio bitrate that is outside the allowed values for the coding "
               "mode you selected. Specify a bitrate from %d up to %d, and resubmit your job.",
               codec, rate->lowest, rate->highest);
}

/* NULL for AUTO, which may become any of them. */
static const struct dolby_rate *rate_of(const struct dolby_rate *rates, size_t count, unsigned mode)
{
    for (size_t i = 0; i < count; i++)
        if (rates[i].mode == mode)
            return &rates[i];
    return NULL;
}

void rule_dolby_bitrate(const struct scope *scope)
{
    const struct audio_codec_settings *s = scope->audio->CodecSettings;
    const struct ac3_settings *ac3 = s ? s->Ac3Settings : NULL;
    const struct eac3_settings *eac3 = s ? s->Eac3Settings : NULL;
    if (ac3 && ac3->has_Bitrate)
        check_dolby_bitrate(
            scope, &ac3->place, "Dolby Digital", ac3->Bitrate,
            ac3->has_CodingMode ? rate_of(ac3_rates, COUNT(ac3_rates), ac3->CodingMode) : NULL);
    if (eac3 && eac3->has_Bitrate)
        check_dolby_bitrate(scope, &eac3->place, "Dolby Digital Plus", eac3->Bitrate,
                            rate_of(eac3_rates, COUNT(eac3_rates), eac3->CodingMode));
}

void rule_surround_settings(const struct scope *scope)
{
    const struct audio_codec_settings *codec = scope->audio->CodecSettings;
    const struct eac3_settings *s = codec ? codec->Eac3Settings : NULL;
    if (!s || s->CodingMode == EAC3_CODING_MODE_CODING_MODE_3_2 ||
        s->CodingMode == EAC3_CODING_MODE_CODING_MODE_AUTO)
        return;
    const struct {
        const char *member;
        bool given;
    } members[] = {{"LoRoCenterMixLevel", s->has_LoRoCenterMixLevel},
                   {"LoRoSurroundMixLevel", s->has_LoRoSurroundMixLevel},
                   {"LtRtCenterMixLevel", s->has_LtRtCenterMixLevel},
                   {"LtRtSurroundMixLevel", s->has_LtRtSurroundMixLevel},
                   {"StereoDownmix", s->has_StereoDownmix}};
    for (size_t i = 0; i < COUNT(members); i++)
        if (members[i].given)
            warn(scope, &s->place, members[i].member,
                 "Is read where codingMode is CODING_MODE_3_2");
}

void rule_mp3_quality(const struct scope *scope)
{
    const struct audio_codec_settings *codec = scope->audio->CodecSettings;
    const struct mp3_settings *s = codec ? codec->Mp3Settings : NULL;
    if (s && s->has_RateControlMode && s->RateControlMode == MP3_RATE_CONTROL_MODE_VBR &&
        !s->has_VbrQuality)
        require(scope, &s->place, "VbrQuality");
}
