/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of single video codecs other than H.264 and H.265. */
#include "job/rules.h"

void rule_prores_chroma(const struct scope *scope)
{
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    const struct prores_settings *s = codec ? codec->ProresSettings : NULL;
    bool full = s && s->has_CodecProfile &&
                (s->CodecProfile == PRORES_CODEC_PROFILE_APPLE_PRORES_4444 ||
                 s->CodecProfile == PRORES_CODEC_PROFILE_APPLE_PRORES_4444_XQ);
    if (full && !s->has_ChromaSampling)
        require(scope, &s->place, "ChromaSampling");
}

void rule_avc_intra_uhd(const struct scope *scope)
{
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    const struct avc_intra_settings *s = codec ? codec->AvcIntraSettings : NULL;
    if (s && s->has_AvcIntraUhdSettings && s->has_AvcIntraClass &&
        s->AvcIntraClass != AVC_INTRA_CLASS_CLASS_4K_2K)
        refuse(scope, &s->place, "AvcIntraUhdSettings", "Needs the avcIntraClass CLASS_4K_2K");
}

static const char *const manual = "Is not read: adaptiveQuantization is AUTO";

static void check_xavc_flicker(const struct scope *scope, const struct xavc_settings *s,
                               const struct place *place, bool flicker)
{
    if (flicker && (s->AdaptiveQuantization == XAVC_ADAPTIVE_QUANTIZATION_AUTO ||
                    s->AdaptiveQuantization == XAVC_ADAPTIVE_QUANTIZATION_OFF))
        refuse(scope, place, "FlickerAdaptiveQuantization",
               "Must be DISABLED: adaptiveQuantization is %s",
               xavc_adaptive_quantization_choices[s->AdaptiveQuantization].name);
}

void rule_xavc_quantization(const struct scope *scope)
{
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    const struct xavc_settings *s = codec ? codec->XavcSettings : NULL;
    if (!s)
        return;
    bool is_auto = s->AdaptiveQuantization == XAVC_ADAPTIVE_QUANTIZATION_AUTO;
    if (is_auto && s->has_SpatialAdaptiveQuantization)
        warn(scope, &s->place, "SpatialAdaptiveQuantization", "%s", manual);
    if (is_auto && s->has_TemporalAdaptiveQuantization)
        warn(scope, &s->place, "TemporalAdaptiveQuantization", "%s", manual);

    const struct xavc_hd_profile_settings *hd = s->XavcHdProfileSettings;
    const struct xavc4k_profile_settings *uhd = s->Xavc4kProfileSettings;
    if (hd)
        check_xavc_flicker(scope, s, &hd->place,
                           hd->FlickerAdaptiveQuantization ==
                               XAVC_FLICKER_ADAPTIVE_QUANTIZATION_ENABLED);
    if (uhd)
        check_xavc_flicker(scope, s, &uhd->place,
                           uhd->FlickerAdaptiveQuantization ==
                               XAVC_FLICKER_ADAPTIVE_QUANTIZATION_ENABLED);
}

/* Which codecs an MXF profile takes. */
static const struct {
    enum mxf_profile profile;
    enum video_codec codecs[4];
    int count;
    const char *list;
} mxf_profiles[] = {
    {MXF_PROFILE_D_10, {VIDEO_CODEC_MPEG2}, 1, "MPEG2"},
    {MXF_PROFILE_XDCAM, {VIDEO_CODEC_MPEG2}, 1, "MPEG2"},
    {MXF_PROFILE_XDCAM_RDD9, {VIDEO_CODEC_MPEG2}, 1, "MPEG2"},
    {MXF_PROFILE_OP1A,
     {VIDEO_CODEC_VC3, VIDEO_CODEC_AVC_INTRA, VIDEO_CODEC_H_264, VIDEO_CODEC_MPEG2},
     4,
     "AVC_INTRA, H_264, MPEG2 or VC3"},
    {MXF_PROFILE_XAVC, {VIDEO_CODEC_XAVC}, 1, "XAVC"},
};

static const struct mxf_settings *mxf_of(const struct output *output)
{
    return output_has_container(output, CONTAINER_TYPE_MXF) ? output->ContainerSettings->MxfSettings
                                                            : NULL;
}

void rule_mxf_profile(const struct scope *scope)
{
    const struct mxf_settings *mxf = mxf_of(scope->output);
    const struct video_description *video = scope->output->VideoDescription;
    const struct video_codec_settings *codec = video ? video->CodecSettings : NULL;
    if (!mxf || !mxf->has_Profile || !codec || !codec->has_Codec || codec->place.broken)
        return;
    for (size_t i = 0; i < COUNT(mxf_profiles); i++) {
        bool taken = mxf_profiles[i].profile != mxf->Profile;
        for (int j = 0; j < mxf_profiles[i].count; j++)
            taken |= mxf_profiles[i].codecs[j] == codec->Codec;
        if (!taken)
            refuse(scope, &mxf->place, "Profile", "%s takes %s, not %s",
                   mxf_profile_choices[mxf->Profile].name, mxf_profiles[i].list,
                   video_codec_choices[codec->Codec].name);
    }
}

void rule_mxf_settings(const struct scope *scope)
{
    const struct mxf_settings *mxf = mxf_of(scope->output);
    if (mxf && mxf->has_XavcProfileSettings && mxf->has_Profile && mxf->Profile != MXF_PROFILE_XAVC)
        warn(scope, &mxf->place, "XavcProfileSettings", "Is not read: profile is %s",
             mxf_profile_choices[mxf->Profile].name);
}

void rule_d10_syntax(const struct scope *scope)
{
    const struct mxf_settings *mxf = mxf_of(scope->output);
    const struct video_codec_settings *codec = scope->video->CodecSettings;
    const struct mpeg2_settings *s = codec ? codec->Mpeg2Settings : NULL;
    if (s && mxf && mxf->has_Profile && mxf->Profile == MXF_PROFILE_D_10 &&
        s->Syntax != MPEG2_SYNTAX_D_10)
        refuse(scope, &s->place, "Syntax", "Must be D_10");
}
