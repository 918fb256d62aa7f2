/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QVBR with x264: a quality level is a CRF, capped by VBV. The numbers were measured by VMAF on
 * real clips, with preset faster; the options of today give a little more at the same CRF
 * (docs/performance.md). Between them we interpolate.
 */
#include <math.h>
#include <stddef.h>

#include "plan/build.h"

struct point {
    double x, y;
};

/* Level → CRF at 720p and 30 fps. */
static const struct point crf_of_level[] = {
    {1, 43},      {2, 40},      {3, 37},    {4, 34},      {5, 31},      {6, 28},
    {6.33, 27.1}, {6.67, 26.2}, {7, 25.25}, {7.33, 24.3}, {7.67, 23.4}, {8, 22.5},
    {8.33, 21.5}, {8.67, 20.5}, {9, 19.5},  {9.33, 18.3}, {9.67, 17.2}, {10, 16},
};

/* Small pictures are looked at from nearer, so to speak: height → what to add to the CRF. */
static const struct point crf_of_height[] = {{360, -1.2}, {540, -0.6}, {720, 0}, {1080, 1.5}};

static double interpolate(const struct point *points, size_t count, double x)
{
    if (x <= points[0].x)
        return points[0].y;
    for (size_t i = 1; i < count; i++) {
        const struct point *a = &points[i - 1], *b = &points[i];
        if (x <= b->x)
            return a->y + (x - a->x) / (b->x - a->x) * (b->y - a->y);
    }
    return points[count - 1].y;
}

static double height_offset(int height)
{
    return interpolate(crf_of_height, COUNT(crf_of_height), height);
}

double qvbr_crf(double level, int height)
{
    double crf = interpolate(crf_of_level, COUNT(crf_of_level), level) + height_offset(height);
    return round(crf * 100) / 100;
}

/* The other way round; CRF falls as the level rises. */
static double level_of_crf(double crf, int height)
{
    const struct point *last = &crf_of_level[COUNT(crf_of_level) - 1];
    crf -= height_offset(height);
    if (crf >= crf_of_level[0].y)
        return crf_of_level[0].x;
    for (const struct point *b = crf_of_level + 1; b <= last; b++)
        if (crf >= b->y)
            return b->x - (crf - b->y) / (b[-1].y - b->y) * (b->x - b[-1].x);
    return last->x;
}

/*
 * With the macroblock tree libx264's rate control is blind to the content: a frame's quantizer
 * scale is that of the CRF, times (25 / fps) ^ (qcomp - 1), and the tree is made up for by
 * 13.5 * (1 - qcomp) QP. Six QP double the scale. Seen to be what it does from 24 to 60 frames per
 * second.
 */
double qvbr_qp(double crf, double qcomp, AVRational frame_rate)
{
    return crf + (1 - qcomp) * (13.5 + 6 * log2(fmin(fmax(av_q2d(frame_rate), 1), 100) / 25));
}

double plan_qvbr_attained(const struct plan *plan, const struct plan_video *video, double qp)
{
    /* Packets have whole QPs. */
    double excess = qp - round(video->qvbr.qp);
    if (excess <= 0)
        return video->qvbr.level;
    double level = level_of_crf(video->qvbr.crf + excess, plan->pictures[video->picture].height);
    return fmin(level, video->qvbr.level);
}

/* "MediaConvert picks a quality level": as high as its size deserves, then down by thirds until
 * what such a level usually takes fits under MaxBitrate with some air. */
static double automatic_level(double max_bitrate, int width, int height, AVRational frame_rate)
{
    double level = height >= 1080 ? 9 : height >= 720 ? 8 : 7;
    double pixels = (double)width * height / (1280.0 * 720.0);
    double rate = pow(av_q2d(frame_rate) / 30, 0.65);
    while (level > 5) {
        double usual = 1357e3 * pow(pixels, 0.65) * pow(1.42, level - 7) * rate;
        if (1.15 * usual <= max_bitrate)
            break;
        level -= 1.0 / 3;
    }
    return level < 5 ? 5 : level;
}

double qvbr_level(const struct h264_settings *h264, int width, int height, AVRational frame_rate)
{
    const struct h264_qvbr_settings *qvbr = h264->QvbrSettings;
    if (!qvbr || !qvbr->has_QvbrQualityLevel)
        return automatic_level((double)h264->MaxBitrate, width, height, frame_rate);
    /* "MediaConvert rounds to the nearest third of a whole number" */
    double thirds = round(((double)qvbr->QvbrQualityLevel + qvbr->QvbrQualityLevelFineTune) * 3);
    return fmin(thirds / 3, 10);
}
