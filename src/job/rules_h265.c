/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of H.265 alone. */
#include <math.h>

#include "job/rules.h"

void rule_tile_size(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    if (h->has_TileHeight && !h->has_TileWidth)
        require(scope, &h->place, "TileWidth");
    if (h->has_TileWidth && !h->has_TileHeight)
        require(scope, &h->place, "TileHeight");
}

/* What goes with tiles; what is left out is not asked for. */
void rule_tile_settings(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    if (!h->has_TileWidth || !h->has_TileHeight)
        return;
    if (h->has_MvOverPictureBoundaries &&
        h->MvOverPictureBoundaries != H265_MV_OVER_PICTURE_BOUNDARIES_DISABLED)
        refuse(scope, &h->place, "MvOverPictureBoundaries", "Must be DISABLED: there are tiles");
    if (h->has_MvTemporalPredictor && h->MvTemporalPredictor != H265_MV_TEMPORAL_PREDICTOR_DISABLED)
        refuse(scope, &h->place, "MvTemporalPredictor", "Must be DISABLED: there are tiles");
    if (h->has_TilePadding && h->TilePadding != H265_TILE_PADDING_PADDED)
        refuse(scope, &h->place, "TilePadding", "Must be PADDED: there are tiles");
    if (h->has_TreeBlockSize && h->TreeBlockSize != H265_TREE_BLOCK_SIZE_TREE_SIZE_32X32)
        refuse(scope, &h->place, "TreeBlockSize", "Must be TREE_SIZE_32X32: there are tiles");
}

void rule_tile_count(const struct scope *scope)
{
    const int64_t most_rows = 22, most_columns = 20, most = 64;
    const struct h265_settings *h = scope->h265;
    const struct video_description *v = scope->video;
    if (!h->TileWidth || !h->TileHeight || !v->Width || !v->Height)
        return;
    int64_t columns = (v->Width + h->TileWidth - 1) / h->TileWidth;
    int64_t rows = (v->Height + h->TileHeight - 1) / h->TileHeight;
    if (columns > most_columns)
        refuse(scope, &h->place, "TileWidth", "Makes %lld columns, %lld are allowed",
               (long long)columns, (long long)most_columns);
    else if (rows > most_rows)
        refuse(scope, &h->place, "TileHeight", "Makes %lld rows, %lld are allowed", (long long)rows,
               (long long)most_rows);
    else if (rows * columns > most)
        refuse(scope, &h->place, "TileHeight", "Makes %lld tiles, %lld are allowed",
               (long long)(rows * columns), (long long)most);
}

void rule_flicker_of_h265(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    if (h->FlickerAdaptiveQuantization == H265_FLICKER_ADAPTIVE_QUANTIZATION_ENABLED &&
        h->has_AdaptiveQuantization && h->AdaptiveQuantization == H265_ADAPTIVE_QUANTIZATION_OFF)
        refuse(scope, &h->place, "FlickerAdaptiveQuantization",
               "Must be DISABLED: adaptiveQuantization is OFF");
}

void rule_packaging_type(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    bool mp4 = output_has_container(scope->output, CONTAINER_TYPE_MP4) ||
               output_has_container(scope->output, CONTAINER_TYPE_CMFC) ||
               output_has_container(scope->output, CONTAINER_TYPE_MPD);
    bool known =
        scope->output->ContainerSettings && scope->output->ContainerSettings->has_Container;
    if (h->has_WriteMp4PackagingType && known && !mp4)
        warn(scope, &h->place, "WriteMp4PackagingType",
             "Is read where the container is MP4, CMFC or MPD");
}

/* What a level allows: Tables A.8 and A.9 of the H.265 standard. The high tier begins at level 4;
 * below it has no rate of its own. */
struct level {
    int64_t samples, samples_per_second;
    int64_t rate[2], buffer[2]; /* of the main tier and the high one, in units of the profile */
};

static const struct level levels[] = {
    [H265_CODEC_LEVEL_LEVEL_1] = {36864, 552960, {128, 128}, {350, 350}},
    [H265_CODEC_LEVEL_LEVEL_2] = {122880, 3686400, {1500, 1500}, {1500, 1500}},
    [H265_CODEC_LEVEL_LEVEL_2_1] = {245760, 7372800, {3000, 3000}, {3000, 3000}},
    [H265_CODEC_LEVEL_LEVEL_3] = {552960, 16588800, {6000, 6000}, {6000, 6000}},
    [H265_CODEC_LEVEL_LEVEL_3_1] = {983040, 33177600, {10000, 10000}, {10000, 10000}},
    [H265_CODEC_LEVEL_LEVEL_4] = {2228224, 66846720, {12000, 30000}, {12000, 30000}},
    [H265_CODEC_LEVEL_LEVEL_4_1] = {2228224, 133693440, {20000, 50000}, {20000, 50000}},
    [H265_CODEC_LEVEL_LEVEL_5] = {8912896, 267386880, {25000, 100000}, {25000, 100000}},
    [H265_CODEC_LEVEL_LEVEL_5_1] = {8912896, 534773760, {40000, 160000}, {40000, 160000}},
    [H265_CODEC_LEVEL_LEVEL_5_2] = {8912896, 1069547520, {60000, 240000}, {60000, 240000}},
    [H265_CODEC_LEVEL_LEVEL_6] = {35651584, 1069547520, {60000, 240000}, {60000, 240000}},
    [H265_CODEC_LEVEL_LEVEL_6_1] = {35651584, 2139095040, {120000, 480000}, {120000, 480000}},
    [H265_CODEC_LEVEL_LEVEL_6_2] = {35651584, 4278190080, {240000, 800000}, {240000, 800000}},
};

/* Bits in a level's unit of rate and buffer, headers included (CpbNalFactor of Table A.10), and
 * the tier. */
static const struct {
    int unit_bits, tier;
} profiles[] = {
    [H265_CODEC_PROFILE_MAIN_MAIN] = {1100, 0},
    [H265_CODEC_PROFILE_MAIN_HIGH] = {1100, 1},
    [H265_CODEC_PROFILE_MAIN10_MAIN] = {1100, 0},
    [H265_CODEC_PROFILE_MAIN10_HIGH] = {1100, 1},
    [H265_CODEC_PROFILE_MAIN_422_8BIT_MAIN] = {1833, 0},
    [H265_CODEC_PROFILE_MAIN_422_8BIT_HIGH] = {1833, 1},
    [H265_CODEC_PROFILE_MAIN_422_10BIT_MAIN] = {1833, 0},
    [H265_CODEC_PROFILE_MAIN_422_10BIT_HIGH] = {1833, 1},
};

/* A level bounds the area, each side, and how many samples there are in a second. */
static void check_level_size(const struct scope *scope, const struct level *level)
{
    const struct video_description *v = scope->video;
    const struct h265_settings *h = scope->h265;
    int64_t side = (int64_t)sqrt(8.0 * (double)level->samples), area = v->Width * v->Height;
    limit(scope, &v->place, "Width", v->Width, side);
    limit(scope, &v->place, "Height", v->Height, side);
    if (!area || v->Width > side || v->Height > side)
        return;
    limit(scope, &v->place, "Height", v->Height, level->samples / v->Width);

    bool specified = h->FramerateControl == H265_FRAMERATE_CONTROL_SPECIFIED;
    double frames = specified && h->FramerateDenominator
                        ? (double)h->FramerateNumerator / (double)h->FramerateDenominator
                        : 0;
    double most = (double)level->samples_per_second / (double)area;
    if (frames > most)
        refuse(scope, &h->place, "CodecLevel",
               "Allows %.4g frames per second at this size, not %.4g", most, frames);
}

void rule_level_of_h265(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    if (!h->has_CodecLevel || h->CodecLevel == H265_CODEC_LEVEL_AUTO)
        return;
    const struct level *level = &levels[h->CodecLevel];
    /* without a profile the least that is certain: the widest one */
    int unit = h->has_CodecProfile ? profiles[h->CodecProfile].unit_bits : 1833;
    int tier = h->has_CodecProfile ? profiles[h->CodecProfile].tier : 1;
    limit(scope, &h->place, "MaxBitrate", h->MaxBitrate, level->rate[tier] * unit);
    limit(scope, &h->place, "Bitrate", h->Bitrate, level->rate[tier] * unit);
    limit(scope, &h->place, "HrdBufferSize", h->HrdBufferSize, level->buffer[tier] * unit);
    check_level_size(scope, level);
}

void rule_high_tier(const struct scope *scope)
{
    const struct h265_settings *h = scope->h265;
    if (h->has_CodecProfile && profiles[h->CodecProfile].tier && h->has_CodecLevel &&
        h->CodecLevel != H265_CODEC_LEVEL_AUTO && h->CodecLevel < H265_CODEC_LEVEL_LEVEL_4)
        refuse(scope, &h->place, "CodecLevel",
               "Should be LEVEL_4 or higher: below, codecProfile has no high tier");
}
