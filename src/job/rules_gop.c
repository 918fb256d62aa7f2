/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of all video codecs about groups of pictures, slices, fields and filters. */
#include <math.h>

#include "job/rules.h"

enum { MACROBLOCK = 16 };

void rule_gop_size(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->gop_units == GOP_UNSAID)
        return;
    if (c->gop_units == GOP_AUTO) {
        if (c->has_gop_size)
            warn(scope, c->place, "GopSize", "Is read where gopSizeUnits is FRAMES or SECONDS");
        return;
    }
    bool has_units = c->codec == VIDEO_CODEC_H_264 || c->codec == VIDEO_CODEC_H_265;
    if (has_units && !c->has_gop_size)
        require(scope, c->place, "GopSize");
    else if (c->has_gop_size && c->gop_size <= 0)
        refuse(scope, c->place, "GopSize", "Should be greater than 0");
    else if (has_units && c->gop_units == GOP_FRAMES && c->gop_size != floor(c->gop_size))
        refuse(scope, c->place, "GopSize", "Should be integer: gopSizeUnits is FRAMES");
}

void rule_closed_cadence(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    int kind = group_kind(scope->group);
    if (c->GopClosedCadence.has && c->GopClosedCadence.value == 0 && kind != GROUP_FILE &&
        kind != GROUP_OTHER)
        warn(scope, c->place, "GopClosedCadence",
             "Should be greater than 0: segments of open GOPs cannot be played alone");
}

void rule_gop_in_segment(const struct scope *scope)
{
    const double rounding = 1.01; /* 60 frames at 29.97 are 2.002 s */
    const struct coding *c = scope->coding;
    int64_t segment = scope->package->segment;
    double gop = coding_gop_seconds(c);
    if (segment && gop > (double)segment * rounding)
        warn(scope, c->place, "GopSize",
             "A GOP of %.4g s is longer than the segmentLength, %lld: segments become longer, or "
             "the GOP shorter",
             gop, (long long)segment);
}

void rule_fragment_of_gops(const struct scope *scope)
{
    const double rounding = 0.01;
    const struct coding *c = scope->coding;
    int64_t fragment = scope->package->fragment;
    int64_t cadence = c->GopClosedCadence.value > 1 ? c->GopClosedCadence.value : 1;
    double closed = coding_gop_seconds(c) * (double)cadence;
    if (!fragment || closed <= 0)
        return;
    double gops = (double)fragment / closed;
    if (gops < 1 - rounding || fabs(gops - round(gops)) > rounding)
        warn(scope, c->place, "GopSize",
             "The fragmentLength, %lld, should be a multiple of %.4g s, from one closed GOP to the "
             "next",
             (long long)fragment, closed);
}

void rule_slices(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    int64_t rows = (scope->video->Height + MACROBLOCK - 1) / MACROBLOCK;
    if (c->interlaced)
        rows /= 2;
    if (rows && c->Slices.value > rows)
        refuse(scope, c->place, "Slices", "Should be less than or equal to %lld, %s",
               (long long)rows,
               c->interlaced ? "half the rows of macroblocks" : "the rows of macroblocks");
}

void rule_slices_of_av1(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->codec == VIDEO_CODEC_AV1 && (c->Slices.value & (c->Slices.value - 1)) != 0)
        refuse(scope, c->place, "Slices",
               "Should be equal to one of the allowed values in [1,2,4,8,16,32]");
}

/* The service falls back to basic interlacing. */
void rule_optimized_interlacing(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->optimized && !c->interlaced)
        warn(scope, c->place, "ScanTypeConversionMode",
             "INTERLACED_OPTIMIZE is for interlaced outputs: interlaceMode is PROGRESSIVE");
    else if (c->optimized && c->hard_telecine)
        warn(scope, c->place, "ScanTypeConversionMode",
             "INTERLACED_OPTIMIZE is not for hard telecine: telecine is HARD");
}

void rule_hard_telecine(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->hard_telecine && !c->interlaced)
        warn(scope, c->place, "Telecine", "HARD is for interlaced outputs of 29.97 fps");
}

void rule_slow_pal(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->slow_pal && coding_frame_rate(c) != 25)
        refuse(scope, c->place, "SlowPal",
               "Must be DISABLED: the output's frame rate is not given as 25");
}

void rule_one_noise_filter(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    if (!p || !p->has_NoiseReducer)
        return;
    if (c->narrows)
        refuse(scope, &p->place, "NoiseReducer", "Excludes the bandwidthReductionFilter");
    if (c->grains)
        refuse(scope, &p->place, "NoiseReducer", "Excludes filmGrainSynthesis");
}

void rule_quality_metric(const struct scope *scope)
{
    const struct coding *c = scope->coding;
    if (c->metric_of_quality && c->rate != RATE_QVBR)
        refuse(scope, c->place, "PerFrameMetrics",
               "Should NOT have QVBR: rateControlMode is not QVBR");
}
