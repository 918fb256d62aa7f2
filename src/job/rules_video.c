/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the picture: sizes, rectangles, and what is done before it is encoded. */
#include "job/rules.h"

void rule_even_size(const struct scope *scope)
{
    const struct video_description *v = scope->video;
    bool odd_width = v->Width % 2, odd_height = v->Height % 2;
    const char *member = odd_width ? "Width" : "Height";
    if (!odd_width && !odd_height)
        return;
    if (v->Width && v->Height)
        refuse(scope, &v->place, member,
               "Invalid resolution [%lld x %lld], only even values are supported.",
               (long long)v->Width, (long long)v->Height);
    else
        refuse(scope, &v->place, member,
               "Invalid resolution [%lld], only even values are supported.",
               (long long)(odd_width ? v->Width : v->Height));
}

/* The largest pictures, from MediaConvert's guide; those that may be turned say so. */
static const struct size {
    enum video_codec codec;
    int64_t width, height;
    bool turned;
} largest[] = {
    {VIDEO_CODEC_AV1, 4096, 2160, false},   {VIDEO_CODEC_AVC_INTRA, 4096, 2160, true},
    {VIDEO_CODEC_GIF, 3840, 3840, false},   {VIDEO_CODEC_H_264, 4096, 2160, true},
    {VIDEO_CODEC_H_265, 8192, 4320, true},  {VIDEO_CODEC_MPEG2, 1920, 1152, false},
    {VIDEO_CODEC_PRORES, 4096, 4096, true}, {VIDEO_CODEC_VC3, 1920, 1080, true},
    {VIDEO_CODEC_VP8, 4096, 2160, true},    {VIDEO_CODEC_VP9, 4096, 2160, true},
    {VIDEO_CODEC_XAVC, 4096, 2160, false},
};

static void check_largest(const struct scope *scope, const struct size *size)
{
    const struct video_description *v = scope->video;
    bool tall = size->turned && v->Height > v->Width;
    limit(scope, &v->place, "Width", v->Width, tall ? size->height : size->width);
    limit(scope, &v->place, "Height", v->Height, tall ? size->width : size->height);
}

void rule_largest_size(const struct scope *scope)
{
    for (size_t i = 0; i < COUNT(largest); i++)
        if (output_has_codec(scope->output, largest[i].codec))
            check_largest(scope, &largest[i]);
}

static void check_even(const struct scope *scope, const struct rectangle *r)
{
    const struct {
        const char *member;
        int64_t value;
    } sides[] = {{"Width", r->Width}, {"Height", r->Height}, {"X", r->X}, {"Y", r->Y}};
    for (size_t i = 0; i < COUNT(sides); i++)
        if (sides[i].value % 2)
            refuse(scope, &r->place, sides[i].member, "Should be a multiple of 2");
}

void rule_even_rectangles(const struct scope *scope)
{
    if (scope->video->Crop)
        check_even(scope, scope->video->Crop);
    if (scope->video->Position)
        check_even(scope, scope->video->Position);
}

void rule_even_input_rectangles(const struct scope *scope)
{
    if (scope->input->Crop)
        check_even(scope, scope->input->Crop);
    if (scope->input->Position)
        check_even(scope, scope->input->Position);
}

void rule_position_inside(const struct scope *scope)
{
    const struct video_description *v = scope->video;
    const struct rectangle *r = v->Position;
    if (r && v->Width && r->X + r->Width > v->Width)
        refuse(scope, &r->place, "Width", "Ends outside of the output, which is %lld wide",
               (long long)v->Width);
    if (r && v->Height && r->Y + r->Height > v->Height)
        refuse(scope, &r->place, "Height", "Ends outside of the output, which is %lld high",
               (long long)v->Height);
}

void rule_smart_crop(const struct scope *scope)
{
    const struct video_description *v = scope->video;
    if (v->ScalingBehavior == SCALING_BEHAVIOR_SMART_CROP && v->Height && v->Width > v->Height)
        refuse(scope, &v->place, NULL,
               "scalingBehavior: Must not be SMART_CROP: the output is wider than high");
}

static const struct color_corrector *corrector_of(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    return p ? p->ColorCorrector : NULL;
}

void rule_hdr10_conversion(const struct scope *scope)
{
    const struct color_corrector *c = corrector_of(scope);
    if (!c || !c->has_ColorSpaceConversion ||
        c->ColorSpaceConversion != COLOR_SPACE_CONVERSION_FORCE_HDR10)
        return;
    const struct hdr10_metadata *m = c->Hdr10Metadata;
    if (!m) {
        require(scope, &c->place, "Hdr10Metadata");
        return;
    }
    if (!m->has_MaxContentLightLevel)
        require(scope, &m->place, "MaxContentLightLevel");
    if (!m->has_MaxFrameAverageLightLevel)
        require(scope, &m->place, "MaxFrameAverageLightLevel");
}

void rule_clip_limits(const struct scope *scope)
{
    const struct color_corrector *c = corrector_of(scope);
    if (c && c->has_ClipLimits &&
        !(c->has_SampleRangeConversion &&
          c->SampleRangeConversion == SAMPLE_RANGE_CONVERSION_LIMITED_RANGE_CLIP))
        warn(scope, &c->place, "ClipLimits",
             "Is not read: sampleRangeConversion is not LIMITED_RANGE_CLIP");
}

void rule_dolby_vision(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    const struct dolby_vision *d = p ? p->DolbyVision : NULL;
    if (!d)
        return;
    if (!d->has_Profile)
        require(scope, &d->place, "Profile");
    else if (d->Profile == DOLBY_VISION_PROFILE_PROFILE_8_1 && !d->has_Mapping)
        require(scope, &d->place, "Mapping");
    if (d->has_L6Metadata && d->has_L6Mode && d->L6Mode != DOLBY_VISION_LEVEL6_MODE_SPECIFY)
        warn(scope, &d->place, "L6Metadata", "Is not read: l6Mode is not SPECIFY");
}

void rule_hdr10_plus(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    if (p && p->has_Hdr10Plus && codec && codec->has_Codec && codec->Codec != VIDEO_CODEC_H_265)
        refuse(scope, &p->place, "Hdr10Plus", "Needs the codec H_265");
}

void rule_deinterlace_algorithm(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    const struct deinterlacer *d = p ? p->Deinterlacer : NULL;
    if (d && d->has_Algorithm && d->Mode == DEINTERLACER_MODE_INVERSE_TELECINE)
        warn(scope, &d->place, "Algorithm", "Is not read: mode is INVERSE_TELECINE");
}

void rule_file_marker(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    const struct partner_watermarking *w = p ? p->PartnerWatermarking : NULL;
    const struct nex_guard_file_marker_settings *s = w ? w->NexguardFileMarkerSettings : NULL;
    if (s && !s->has_License)
        require(scope, &s->place, "License");
    if (s && !s->has_Payload)
        require(scope, &s->place, "Payload");
    if (s && !s->has_Preset)
        require(scope, &s->place, "Preset");
}

static void check_images(const struct scope *scope, const struct image_inserter *inserter)
{
    enum { LAYERS = 100 };
    bool taken[LAYERS] = {false};
    for (struct insertable_image **i = inserter->InsertableImages; *i; i++) {
        const struct insertable_image *image = *i;
        if (!image->has_ImageX)
            require(scope, &image->place, "ImageX");
        if (!image->has_ImageY)
            require(scope, &image->place, "ImageY");
        if (image->has_Layer && taken[image->Layer])
            refuse(scope, &image->place, "Layer", "Should be different: %lld is taken",
                   (long long)image->Layer);
        if (image->has_Layer)
            taken[image->Layer] = true;
    }
}

void rule_images(const struct scope *scope)
{
    const struct video_preprocessor *p = scope->video->VideoPreprocessors;
    if (p && p->ImageInserter)
        check_images(scope, p->ImageInserter);
}

void rule_input_images(const struct scope *scope)
{
    if (scope->input->ImageInserter)
        check_images(scope, scope->input->ImageInserter);
}
