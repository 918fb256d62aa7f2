/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that video codecs have in common, each written once over struct coding. */
#include "job/rules.h"

#define GIVEN(s, member) ((struct given){(s)->has_##member, (s)->member})

/* These read members of the same names in the settings of different codecs; UPPER is how the
 * codec's enums begin. */
#define FRAME_RATE(s, UPPER)                                                                       \
    .frame_rate = {true, (s)->FramerateControl == UPPER##_FRAMERATE_CONTROL_SPECIFIED,             \
                   GIVEN(s, FramerateNumerator), GIVEN(s, FramerateDenominator)}
#define PIXEL_ASPECT(s, UPPER)                                                                     \
    .pixel_aspect = {true, (s)->ParControl == UPPER##_PAR_CONTROL_SPECIFIED,                       \
                     GIVEN(s, ParNumerator), GIVEN(s, ParDenominator)}
#define SCAN(s, UPPER)                                                                             \
    .interlaced = (s)->InterlaceMode != UPPER##_INTERLACE_MODE_PROGRESSIVE,                        \
    .optimized =                                                                                   \
        (s)->ScanTypeConversionMode == UPPER##_SCAN_TYPE_CONVERSION_MODE_INTERLACED_OPTIMIZE,      \
    SPEED(s, UPPER)
#define SPEED(s, UPPER)                                                                            \
    .hard_telecine = (s)->has_Telecine && (s)->Telecine == UPPER##_TELECINE_HARD,                  \
    .slow_pal = (s)->SlowPal == UPPER##_SLOW_PAL_ENABLED
#define METRICS(s) .metric_of_quality = has_quality_metric(&(s)->PerFrameMetrics)
#define RATES(s)                                                                                   \
    .takes_bitrate = true, .rate_unsaid = !(s)->has_RateControlMode, .Bitrate = GIVEN(s, Bitrate), \
    .MaxBitrate = GIVEN(s, MaxBitrate)
#define QUALITY(q)                                                                                 \
    .qvbr = (q) ? &(q)->place : NULL, .has_quality = (q) && (q)->has_QvbrQualityLevel,             \
    .has_fine_tune = (q) && (q)->has_QvbrQualityLevelFineTune
#define GOP(s)                                                                                     \
    .has_gop_size = (s)->has_GopSize, .gop_size = (s)->GopSize,                                    \
    .GopClosedCadence = GIVEN(s, GopClosedCadence)

static bool has_quality_metric(const struct int_list *metrics)
{
    for (int i = 0; i < metrics->count; i++)
        if (metrics->items[i] == FRAME_METRIC_TYPE_QVBR)
            return true;
    return false;
}

static struct coding h264_coding(const struct h264_settings *s)
{
    static const int units[] = {[H264_GOP_SIZE_UNITS_AUTO] = GOP_AUTO,
                                [H264_GOP_SIZE_UNITS_FRAMES] = GOP_FRAMES,
                                [H264_GOP_SIZE_UNITS_SECONDS] = GOP_SECONDS};
    static const int rates[] = {[H264_RATE_CONTROL_MODE_CBR] = RATE_CBR,
                                [H264_RATE_CONTROL_MODE_VBR] = RATE_VBR,
                                [H264_RATE_CONTROL_MODE_QVBR] = RATE_QVBR};
    const struct h264_qvbr_settings *q = s->QvbrSettings;
    return (struct coding){
        .place = &s->place,
        .codec = VIDEO_CODEC_H_264,
        .rate = rates[s->RateControlMode],
        RATES(s),
        .qvbr = s->has_QvbrSettings ? &q->place : NULL,
        .has_quality = q->has_QvbrQualityLevel,
        .has_fine_tune = q->has_QvbrQualityLevelFineTune,
        .has_max_average = q->has_MaxAverageBitrate,
        .multi_pass = s->QualityTuningLevel == H264_QUALITY_TUNING_LEVEL_MULTI_PASS_HQ,
        FRAME_RATE(s, H264),
        PIXEL_ASPECT(s, H264),
        .gop_units = units[s->GopSizeUnits],
        GOP(s),
        SCAN(s, H264),
        .Slices = GIVEN(s, Slices),
        .narrows = s->has_BandwidthReductionFilter,
        METRICS(s),
    };
}

static struct coding h265_coding(const struct h265_settings *s)
{
    static const int units[] = {[H265_GOP_SIZE_UNITS_AUTO] = GOP_AUTO,
                                [H265_GOP_SIZE_UNITS_FRAMES] = GOP_FRAMES,
                                [H265_GOP_SIZE_UNITS_SECONDS] = GOP_SECONDS};
    static const int rates[] = {[H265_RATE_CONTROL_MODE_CBR] = RATE_CBR,
                                [H265_RATE_CONTROL_MODE_VBR] = RATE_VBR,
                                [H265_RATE_CONTROL_MODE_QVBR] = RATE_QVBR};
    const struct h265_qvbr_settings *q = s->QvbrSettings;
    return (struct coding){
        .place = &s->place,
        .codec = VIDEO_CODEC_H_265,
        .rate = s->has_RateControlMode ? rates[s->RateControlMode] : RATE_UNSAID,
        RATES(s),
        QUALITY(q),
        .has_max_average = q && q->has_MaxAverageBitrate,
        .multi_pass = s->QualityTuningLevel == H265_QUALITY_TUNING_LEVEL_MULTI_PASS_HQ,
        FRAME_RATE(s, H265),
        PIXEL_ASPECT(s, H265),
        .gop_units = units[s->GopSizeUnits],
        GOP(s),
        SCAN(s, H265),
        .Slices = GIVEN(s, Slices),
        .narrows = s->has_BandwidthReductionFilter,
        METRICS(s),
    };
}

static struct coding av1_coding(const struct av1_settings *s)
{
    const struct av1_qvbr_settings *q = s->QvbrSettings;
    bool qvbr = s->RateControlMode == AV1_RATE_CONTROL_MODE_QVBR;
    return (struct coding){
        .place = &s->place,
        .codec = VIDEO_CODEC_AV1,
        .rate = !s->has_RateControlMode ? RATE_UNSAID
                : qvbr                  ? RATE_QVBR
                                        : RATE_CBR,
        RATES(s),
        QUALITY(q),
        FRAME_RATE(s, AV1),
        .gop_units = GOP_FRAMES,
        .has_gop_size = s->has_GopSize,
        .gop_size = s->GopSize,
        .Slices = GIVEN(s, Slices),
        .grains = s->FilmGrainSynthesis == AV1_FILM_GRAIN_SYNTHESIS_ENABLED,
        METRICS(s),
    };
}

static struct coding mpeg2_coding(const struct mpeg2_settings *s)
{
    bool cbr = s->RateControlMode == MPEG2_RATE_CONTROL_MODE_CBR;
    bool seconds = s->GopSizeUnits == MPEG2_GOP_SIZE_UNITS_SECONDS;
    return (struct coding){
        .place = &s->place,
        .codec = VIDEO_CODEC_MPEG2,
        .rate = !s->has_RateControlMode ? RATE_UNSAID
                : cbr                   ? RATE_CBR
                                        : RATE_VBR,
        RATES(s),
        FRAME_RATE(s, MPEG2),
        PIXEL_ASPECT(s, MPEG2),
        .gop_units = seconds ? GOP_SECONDS : GOP_FRAMES,
        GOP(s),
        SCAN(s, MPEG2),
        METRICS(s),
    };
}

/* VP8 and VP9 have one way of rate control, and the same names. */
#define VP_CODING(s, UPPER)                                                                        \
    {                                                                                              \
        .place = &(s)->place, .codec = VIDEO_CODEC_##UPPER, .rate = RATE_UNSAID,                   \
        FRAME_RATE(s, UPPER), PIXEL_ASPECT(s, UPPER), .gop_units = GOP_FRAMES,                     \
        .has_gop_size = (s)->has_GopSize, .gop_size = (s)->GopSize, .Bitrate = GIVEN(s, Bitrate),  \
        .MaxBitrate = GIVEN(s, MaxBitrate),                                                        \
    }
#define INTRA_CODING(s, UPPER)                                                                     \
    {                                                                                              \
        .place = &(s)->place, .codec = VIDEO_CODEC_##UPPER, FRAME_RATE(s, UPPER), SCAN(s, UPPER),  \
    }

int codings_of(const struct video_codec_settings *s, struct coding codings[CODINGS_MAX])
{
    int count = 0;
    if (s->H264Settings)
        codings[count++] = h264_coding(s->H264Settings);
    if (s->H265Settings)
        codings[count++] = h265_coding(s->H265Settings);
    if (s->Av1Settings)
        codings[count++] = av1_coding(s->Av1Settings);
    if (s->Mpeg2Settings)
        codings[count++] = mpeg2_coding(s->Mpeg2Settings);
    if (s->Vp8Settings)
        codings[count++] = (struct coding)VP_CODING(s->Vp8Settings, VP8);
    if (s->Vp9Settings)
        codings[count++] = (struct coding)VP_CODING(s->Vp9Settings, VP9);
    if (s->AvcIntraSettings)
        codings[count++] = (struct coding)INTRA_CODING(s->AvcIntraSettings, AVC_INTRA);
    if (s->Vc3Settings)
        codings[count++] = (struct coding)INTRA_CODING(s->Vc3Settings, VC3);
    if (s->UncompressedSettings)
        codings[count++] = (struct coding)INTRA_CODING(s->UncompressedSettings, UNCOMPRESSED);
    if (s->ProresSettings) {
        codings[count] = (struct coding)INTRA_CODING(s->ProresSettings, PRORES);
        codings[count++].pixel_aspect =
            ((struct coding){PIXEL_ASPECT(s->ProresSettings, PRORES)}).pixel_aspect;
    }
    if (s->GifSettings)
        codings[count++] = (struct coding){.place = &s->GifSettings->place,
                                           .codec = VIDEO_CODEC_GIF,
                                           FRAME_RATE(s->GifSettings, GIF)};
    if (s->XavcSettings)
        codings[count++] =
            (struct coding){.place = &s->XavcSettings->place,
                            .codec = VIDEO_CODEC_XAVC,
                            FRAME_RATE(s->XavcSettings, XAVC),
                            .slow_pal = s->XavcSettings->SlowPal == XAVC_SLOW_PAL_ENABLED};
    return count;
}

double coding_frame_rate(const struct coding *coding)
{
    const struct fraction *rate = &coding->frame_rate;
    return rate->specified && rate->denominator.value
               ? (double)rate->numerator.value / (double)rate->denominator.value
               : 0;
}

double coding_gop_seconds(const struct coding *coding)
{
    double rate = coding_frame_rate(coding);
    if (!coding->has_gop_size)
        return 0;
    if (coding->gop_units == GOP_SECONDS)
        return coding->gop_size;
    return coding->gop_units == GOP_FRAMES && rate > 0 ? coding->gop_size / rate : 0;
}

/* The service's own words, both of them, from answers of CreateJob. */
static const char rates_clash[] =
    "Your job contains values for the following settings that are incompatible: Rate control mode, "
    "Bitrate, and Max bitrate. Adjust your settings and resubmit your job. Some valid combinations "
    "of settings are these: Set Rate control mode to QVBR, specify a value for Max bitrate, and "
    "don't specify a value for Bitrate. Or, set Rate control mode to CBR, specify a value for "
    "Bitrate, and don't specify a value for Max bitrate.";
static const char cbr_clash[] =
    "You set Rate control mode to CBR but the settings values for Bitrate and Max bitrate aren't "
    "compatible with CBR. When you use CBR, you must specify a value for Bitrate and you must not "
    "specify a value for Max bitrate. Adjust your job settings and then resubmit your job.";

void rule_rate_control(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    bool qvbr = c->rate == RATE_QVBR;
    if (!c->takes_bitrate)
        return;
    /* the codecs that the answers were seen for */
    bool seen = c->codec == VIDEO_CODEC_H_264 || c->codec == VIDEO_CODEC_H_265;
    bool nothing = c->rate_unsaid && !c->Bitrate.has && !c->MaxBitrate.has;
    if ((seen && nothing) || (qvbr && c->Bitrate.has))
        refuse(scope, c->place, NULL, "%s", rates_clash);
    else if (seen && c->rate == RATE_CBR && (!c->Bitrate.has || c->MaxBitrate.has))
        refuse(scope, c->place, NULL, "%s", cbr_clash);
    else if (c->rate == RATE_CBR && c->MaxBitrate.has)
        refuse(scope, c->place, NULL, "%s", rates_clash);
    else if (qvbr && !c->MaxBitrate.has)
        require(scope, c->place, "MaxBitrate");
    else if (!qvbr && c->rate != RATE_UNSAID && !c->Bitrate.has)
        require(scope, c->place, "Bitrate");
}

void rule_max_bitrate(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->rate != RATE_QVBR && c->MaxBitrate.value && c->MaxBitrate.value < c->Bitrate.value)
        refuse(scope, c->place, "MaxBitrate",
               "Should be greater than or equal to %lld, the bitrate", (long long)c->Bitrate.value);
}

void rule_qvbr_settings(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->qvbr && c->rate != RATE_QVBR)
        warn(scope, c->place, "QvbrSettings", "Is not read: rateControlMode is not QVBR");
    else if (c->qvbr && c->has_fine_tune && !c->has_quality)
        warn(scope, c->qvbr, "QvbrQualityLevelFineTune",
             "Is not read: qvbrQualityLevel is left out");
}

void rule_max_average_bitrate(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->has_max_average && c->rate == RATE_QVBR && !c->multi_pass)
        warn(scope, c->qvbr, "MaxAverageBitrate",
             "Is not read: qualityTuningLevel is not MULTI_PASS_HQ");
}

/* A fraction that is needed where its control is SPECIFIED, and not read where it is not. */
static void check_fraction(const struct scope *scope, const struct fraction *fraction,
                           const char *control, const char *numerator, const char *denominator)
{
    const struct place *place = scope->coding->place;
    const struct {
        const char *member;
        bool has;
    } parts[] = {{numerator, fraction->numerator.has}, {denominator, fraction->denominator.has}};
    for (size_t i = 0; i < COUNT(parts) && fraction->exists; i++) {
        if (fraction->specified && !parts[i].has)
            require(scope, place, parts[i].member);
        if (!fraction->specified && parts[i].has)
            warn(scope, place, parts[i].member, "Is not read: %s is not SPECIFIED", control);
    }
}

void rule_pixel_aspect(const struct scope *scope)
{
    check_fraction(scope, &scope->coding->pixel_aspect, "parControl", "ParNumerator",
                   "ParDenominator");
}

void rule_frame_rate(const struct scope *scope)
{
    check_fraction(scope, &scope->coding->frame_rate, "framerateControl", "FramerateNumerator",
                   "FramerateDenominator");
}
