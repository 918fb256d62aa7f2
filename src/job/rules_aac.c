/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of AAC: sample rates and bit rates. */
#include "base/text.h"
#include "job/rules.h"

/* The sample rates of AAC-LC and the bit rates at each, from MediaConvert's guide; those of 5.1
 * are inferred from what the encoder behind it takes. */
struct aac_rate {
    int sample_rate, lowest, highest;
};

static const struct aac_rate mono_rates[] = {
    {8000, 8000, 14000},
    {12000, 8000, 14000},
    {16000, 8000, 28000},
    {22050, 24000, 28000},
    {24000, 24000, 28000},
    {32000, 32000, 192000},
    {44100, 56000, 256000},
    {48000, 56000, 288000},
    {88200, 288000, 288000},
    {96000, 128000, 288000},
    {0},
};
static const struct aac_rate stereo_rates[] = {
    {8000, 16000, 20000},
    {12000, 16000, 20000},
    {16000, 16000, 32000},
    {22050, 32000, 32000},
    {24000, 32000, 32000},
    {32000, 40000, 384000},
    {44100, 64000, 512000},
    {48000, 64000, 576000},
    {88200, 576000, 576000},
    {96000, 256000, 576000},
    {0},
};
static const struct aac_rate surround_rates[] = {
    {32000, 160000, 768000},
    {44100, 160000, 640000},
    {48000, 160000, 768000},
    {96000, 640000, 768000},
    {0},
};

static const int bitrates[] = {6000,   8000,   10000,  12000,  14000,  16000,  20000,  24000,
                               28000,  32000,  40000,  48000,  56000,  64000,  80000,  96000,
                               112000, 128000, 160000, 192000, 224000, 256000, 288000, 320000,
                               384000, 448000, 512000, 576000, 640000, 768000, 896000, 1024000};

/* Its tables are known; those of the other profiles are not. */
static bool is_lc(const struct aac_settings *aac)
{
    return aac->CodecProfile == AAC_CODEC_PROFILE_LC;
}

static const struct aac_rate *rates_of(const struct aac_settings *aac)
{
    if (aac->CodingMode == AAC_CODING_MODE_CODING_MODE_5_1)
        return surround_rates;
    return aac->CodingMode == AAC_CODING_MODE_CODING_MODE_1_0 ? mono_rates : stereo_rates;
}

static const char *mode_name(const struct aac_settings *aac)
{
    switch (aac->CodingMode) {
    case AAC_CODING_MODE_CODING_MODE_1_0:
        return "CODING_MODE_1_0";
    case AAC_CODING_MODE_CODING_MODE_5_1:
        return "CODING_MODE_5_1";
    default:
        return "CODING_MODE_2_0";
    }
}

/* NULL where the mode has no such sample rate. */
static const struct aac_rate *rate_of(const struct aac_settings *aac)
{
    for (const struct aac_rate *rate = rates_of(aac); rate->sample_rate; rate++)
        if (rate->sample_rate == aac->SampleRate)
            return rate;
    return NULL;
}

static void refuse_not_among(const struct scope *scope, const char *member, const char *list)
{
    refuse(scope, &scope->aac->place, member,
           "Should be equal to one of the allowed values in [%s]", list);
}

void rule_sample_rate(const struct scope *scope)
{
    const struct aac_settings *aac = scope->aac;
    if (!is_lc(aac) || !aac->SampleRate || !aac->has_CodingMode || rate_of(aac))
        return;
    struct text list = {0};
    for (const struct aac_rate *rate = rates_of(aac); rate->sample_rate; rate++)
        text_add(&list, "%s%d", list.size ? "," : "", rate->sample_rate);
    refuse_not_among(scope, "SampleRate", list.data);
    text_release(&list);
}

static bool is_listed(int64_t bitrate)
{
    for (size_t i = 0; i < COUNT(bitrates); i++)
        if (bitrates[i] == bitrate)
            return true;
    return false;
}

void rule_aac_bitrate(const struct scope *scope)
{
    const struct aac_settings *aac = scope->aac;
    if (!is_lc(aac) || !aac->Bitrate || aac->RateControlMode == AAC_RATE_CONTROL_MODE_VBR)
        return;
    if (!is_listed(aac->Bitrate)) {
        struct text list = {0};
        for (size_t i = 0; i < COUNT(bitrates); i++)
            text_add(&list, "%s%d", i ? "," : "", bitrates[i]);
        refuse_not_among(scope, "Bitrate", list.data);
        text_release(&list);
        return;
    }
    const struct aac_rate *rate = aac->has_CodingMode ? rate_of(aac) : NULL;
    if (!rate || aac->CodingMode == AAC_CODING_MODE_CODING_MODE_AUTO)
        return;
    if (aac->Bitrate < rate->lowest || aac->Bitrate > rate->highest)
        refuse(scope, &aac->place, "Bitrate", /* the service's own words */
               "You specified a value for Bitrate that is not valid with the combination of "
               "Profile LC, Coding mode "
               "%s, and Sample rate %d you selected. Specify a bitrate in the range of %d-%d, and "
               "resubmit your job "
               "For a list of supported bitrates, see: "
               "https://docs.aws.amazon.com/mediaconvert/latest/ug/aac-support.html",
               mode_name(aac), rate->sample_rate, rate->lowest, rate->highest);
}

void rule_aac_rate_control(const struct scope *scope)
{
    const struct aac_settings *aac = scope->aac;
    if (aac->has_Bitrate && aac->RateControlMode == AAC_RATE_CONTROL_MODE_VBR)
        warn(scope, &aac->place, "Bitrate", "Is not read: rateControlMode is VBR");
    if (aac->has_VbrQuality && aac->RateControlMode == AAC_RATE_CONTROL_MODE_CBR)
        warn(scope, &aac->place, "VbrQuality", "Is not read: rateControlMode is CBR");
}
