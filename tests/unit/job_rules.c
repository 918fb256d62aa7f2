/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule between settings: what it lets pass, and what it says to the rest.
 *
 * Rules also look into what is refused here: what is said about that is left out of the lines. */
#include "job_case.h"

#include "job/rules.h"

#define INCOMPATIBLE                                                                               \
    ": Your job contains values for the following settings that are incompatible: Rate control "   \
    "mode, Bitrate, and Max bitrate. Adjust your settings and resubmit your job. Some valid "      \
    "combinations of settings are these: Set Rate control mode to QVBR, specify a value for Max "  \
    "bitrate, and don't specify a value for Bitrate. Or, set Rate control mode to CBR, specify a " \
    "value for Bitrate, and don't specify a value for Max bitrate."
#define CAPTURE "{\"codec\":\"FRAME_CAPTURE\",\"frameCaptureSettings\":{}}"
#define ENCRYPTION                                                                                 \
    "/outputGroups/0/outputGroupSettings/fileGroupSettings/destinationSettings/s3Settings/"        \
    "encryption"
#define KMS_KEY "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
#define CODEC   PICTURE "/codecSettings"
#define M3U8    OUTPUT "/containerSettings/m3u8Settings"
#define SECOND  "/outputGroups/0/outputs/1"
#define COPY    "{\"containerSettings\":{\"container\":\"MP4\"}," AUDIO "}"
#define BITRATES                                                                                   \
    "6000,8000,10000,12000,14000,16000,20000,24000,28000,32000,40000,48000,56000,64000,80000,"     \
    "96000,112000,128000,160000,192000,224000,256000,288000,320000,384000,448000,512000,576000,"   \
    "640000,768000,896000,1024000"

#define NOT_CBR                                                                                    \
    ": You set Rate control mode to CBR but the settings values for Bitrate and Max bitrate "      \
    "aren't "                                                                                      \
    "compatible with CBR. When you use CBR, you must specify a value for Bitrate and you must "    \
    "not "                                                                                         \
    "specify a value for Max bitrate. Adjust your job settings and then resubmit your job."

/* The service's whole answer where BASELINE is with what it cannot have. */
#define BASELINE(why)                                                                              \
    H264 "/codecProfile: Should match all dependencies: See other errors for more details\n" H264  \
         ": Should match exactly one schema defined in \"oneOf\"\n" why "\n" H264                  \
         "/codecProfile: Should be equal to one of the allowed values in "                         \
         "[\"HIGH\",\"HIGH_10BIT\",\"HIGH_422\",\"HIGH_422_10BIT\",\"MAIN\"]"

/* Around the settings: ten pairs, fifty, 128 characters of two bytes each. */
#define PAIRS(d)                                                                                   \
    "\"" d "0\":\"\",\"" d "1\":\"\",\"" d "2\":\"\",\"" d "3\":\"\",\"" d "4\":\"\",\"" d         \
    "5\":\"\",\"" d "6\":\"\",\"" d "7\":\"\",\"" d "8\":\"\",\"" d "9\":\"\""
#define FIFTY "{" PAIRS("a") "," PAIRS("b") "," PAIRS("c") "," PAIRS("d") "," PAIRS("e")
#define C16   "üüüüüüüüüüüüüüüü"
#define C128  C16 C16 C16 C16 C16 C16 C16 C16

static const char request_job[] = "{\"queue\":\"q\",\"settings\":" MP4_JOB "}";
static const char template_request[] = "{\"name\":\"n\",\"settings\":{}}";
static const char queue_request[] = "{\"name\":\"n\",\"pricingPlan\":\"ON_DEMAND\"}";

/* A picture with its sound in the groups that are refused here. */
#define STREAM(type, object, container)                                                            \
    "{" INPUTS ",\"outputGroups\":[{\"outputGroupSettings\":{\"type\":\"" type "\",\"" object      \
    "\":{\"destination\":\"s3://out/"                                                              \
    "\",\"fragmentLength\":2}},\"outputs\":[{\"nameModifier\":\"_o\","                             \
    "\"containerSettings\":{\"container\":\"" container "\"}," VIDEO "," AUDIO "}]}]}"
#define CMAF   GROUP "/cmafGroupSettings"
#define DASH   GROUP "/dashIsoGroupSettings"
#define SMOOTH GROUP "/msSmoothGroupSettings"
#define H265   CODEC "/h265Settings"

static const char cmaf_job[] = STREAM("CMAF_GROUP_SETTINGS", "cmafGroupSettings", "CMFC");
static const char dash_job[] = STREAM("DASH_ISO_GROUP_SETTINGS", "dashIsoGroupSettings", "MPD");
static const char smooth_job[] =
    STREAM("MS_SMOOTH_GROUP_SETTINGS", "msSmoothGroupSettings", "ISMV");

/* More than there may be. */
#define TEN(item)                                                                                  \
    item "," item "," item "," item "," item "," item "," item "," item "," item "," item
#define INPUT "{\"fileInput\":\"s3://in/a.mp4\"}"
#define INPUTS151                                                                                  \
    "[" TEN(TEN(INPUT)) "," TEN(INPUT) "," TEN(INPUT) "," TEN(INPUT) "," TEN(INPUT) "," TEN(       \
        INPUT) "," INPUT "]"
#define MANIFEST(n) "{\"manifestNameModifier\":\"_" #n "\"}"
#define MANIFESTS11                                                                                \
    "[" MANIFEST(1) "," MANIFEST(2) "," MANIFEST(3) "," MANIFEST(4) "," MANIFEST(5) "," MANIFEST(  \
        6) "," MANIFEST(7) "," MANIFEST(8) "," MANIFEST(9) "," MANIFEST(10) "," MANIFEST(11) "]"
#define KEYS(n)                                                                                    \
    "\"" n "0\":{},\"" n "1\":{},\"" n "2\":{},\"" n "3\":{},\"" n "4\":{},\"" n "5\":{},\"" n     \
    "6\":{},\"" n "7\":{},\"" n "8\":{},\"" n "9\":{}"
#define SELECTORS101                                                                               \
    "{" KEYS("0") "," KEYS("1") "," KEYS("2") "," KEYS("3") "," KEYS("4") "," KEYS("5") "," KEYS(  \
        "6") "," KEYS("7") "," KEYS("8") "," KEYS("9") ",\"100\":{}}"
#define ID "\"edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\""

#define AS_H265                                                                                    \
    CODEC "={\"codec\":\"H_265\",\"h265Settings\":{\"rateControlMode\":\"QVBR\",\"maxBitrate\":"   \
          "1000000"

struct row {
    const char *rule;
    struct job_case c;
};

#include "job_rules_group.h"
#include "job_rules_job.h"
#include "job_rules_tracks.h"
#include "job_rules_video.h"

/* What is made here. */
static const struct row made_rows[] = {
    /* what is around the settings */
    {"hop_destinations",
     {request_job,
      {"/hopDestinations=[{\"waitMinutes\":1},{}]"},
      "/hopDestinations/1: waitMinutes is a required property"}},
    {"hop_destinations",
     {template_request,
      {"/hopDestinations=[{}]"},
      "/hopDestinations/0: waitMinutes is a required property"}},
    {"hop_destinations", {request_job, {"/hopDestinations=[{\"waitMinutes\":1}]"}, ""}},
    {"tag_count",
     {request_job, {"/tags=" FIFTY ",\"51\":\"\"}"}, "/tags: Should have at most 50 properties"}},
    {"tag_count", {queue_request, {"/tags=" FIFTY "}"}, ""}},
    {"user_metadata",
     {request_job,
      {"/userMetadata={" PAIRS("") ",\"k\":\"\"}"},
      "/userMetadata: Should have at most 10 properties"}},
    {"user_metadata",
     {request_job,
      {"/userMetadata={\"" C128 "k\":\"\"}"},
      "/userMetadata: Should NOT have keys longer than 128 characters"}},
    {"user_metadata",
     {request_job,
      {"/userMetadata={\"k\":\"" C128 C128 "v\"}"},
      "/userMetadata: Should NOT have values longer than 256 characters"}},
    {"user_metadata", {request_job, {"/userMetadata={" PAIRS("") "}"}, ""}},
    {"user_metadata", {request_job, {"/userMetadata={\"" C128 "\":\"" C128 C128 "\"}"}, ""}},
    {"reservation",
     {queue_request,
      {"/pricingPlan=RESERVED"},
      ": reservationPlanSettings is a required property"}},
    {"reservation",
     {queue_request,
      {"/pricingPlan=RESERVED",
       "/reservationPlanSettings={\"commitment\":\"ONE_YEAR\",\"renewalType\":\"EXPIRE\","
       "\"reservedSlots\":1}"},
      ""}},

    /* the job and its inputs */
    {"one_input",
     {mp4_job,
      {"/inputs/1={\"fileInput\":\"s3://in/b.mp4\"}"},
      "/inputs/1: Several inputs are not supported yet: give one"}},
    {"one_input", {mp4_job, {"/inputs=[]"}, "/inputs: Should have at least 1 items"}},
    {"outputs_exist",
     {mp4_job, {"/outputGroups=[]"}, "/outputGroups: Should have at least 1 items"}},
    {"outputs_exist",
     {mp4_job,
      {"/outputGroups/0/outputs=[]"},
      "/outputGroups/0/outputs: Should have at least 1 items"}},
    {"not_captures_alone",
     {mp4_job,
      {OUTPUT "/audioDescriptions=null", OUTPUT "/containerSettings/container=RAW",
       CODEC "=" CAPTURE},
      "/outputGroups: You can create frame capture outputs only in jobs that also have a regular "
      "output"}},
    {"local_file",
     {mp4_job,
      {"/inputs/0/fileInput=file:///tmp/a.mp4"},
      "/inputs/0/fileInput: file:// is for the command line: give s3://"}},
    {"kms",
     {mp4_job,
      {ENCRYPTION "/encryptionType=SERVER_SIDE_ENCRYPTION_S3", ENCRYPTION "/kmsKeyArn=" KMS_KEY},
      ENCRYPTION "/kmsKeyArn: Needs SERVER_SIDE_ENCRYPTION_KMS"}},
    {"kms",
     {mp4_job,
      {ENCRYPTION "/kmsEncryptionContext=e30="},
      ENCRYPTION "/kmsEncryptionContext: Needs SERVER_SIDE_ENCRYPTION_KMS"}},
    {"kms",
     {mp4_job,
      {ENCRYPTION "/encryptionType=SERVER_SIDE_ENCRYPTION_KMS", ENCRYPTION "/kmsKeyArn=" KMS_KEY,
       ENCRYPTION "/kmsEncryptionContext=e30="},
      ""}},
    {"filter_strength",
     {mp4_job,
      {"/inputs/0/filterEnable=FORCE", "/inputs/0/denoiseFilter=ENABLED"},
      "/inputs/0/filterStrength: Should be greater than or equal to 1"}},
    {"filter_strength",
     {mp4_job,
      {"/inputs/0/filterEnable=FORCE", "/inputs/0/deblockFilter=ENABLED",
       "/inputs/0/filterStrength=1"},
      ""}},
    {"filter_strength", {mp4_job, {"/inputs/0/filterEnable=FORCE"}, ""}},
    {"one_track",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/tracks=[1,2]"},
      "/inputs/0/audioSelectors/Audio Selector 1/tracks: Several tracks in a selector are not "
      "supported yet: give one"}},
    {"one_track",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/pids=[257,258]"},
      "/inputs/0/audioSelectors/Audio Selector 1/pids: Several PIDs in a selector are not "
      "supported yet: give one"}},
    {"selector_type",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/selectorType=PID"},
      "/inputs/0/audioSelectors/Audio Selector 1: pids is a required property"}},
    {"selector_type",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/selectorType=LANGUAGE_CODE",
       "/inputs/0/audioSelectors/Audio Selector 1/customLanguageCode=deu"},
      ""}},

    /* groups */
    {"group_settings",
     {mp4_job,
      {GROUP "/fileGroupSettings=null"},
      GROUP ": fileGroupSettings is a required property"}},
    {"group_settings", {hls_job, {HLS "=null"}, GROUP ": hlsGroupSettings is a required property"}},
    {"group_settings",
     {mp4_job,
      {HLS "={\"destination\":\"s3://b/\"}"},
      "? " HLS ": Is not read: type is FILE_GROUP_SETTINGS"}},
    {"name_modifiers",
     {mp4_job,
      {SECOND "=" COPY},
      OUTPUT ": nameModifier is a required property\n" SECOND
             ": nameModifier is a required property"}},
    {"name_modifiers",
     {mp4_job,
      {SECOND "=" COPY, OUTPUT "/nameModifier=_a", SECOND "/nameModifier=_a"},
      SECOND "/nameModifier: Should differ from the one of outputs/0"}},
    {"name_modifiers",
     {mp4_job,
      {SECOND "=" COPY, OUTPUT "/nameModifier=_a", SECOND "/nameModifier=_a",
       SECOND "/extension=m4a"},
      ""}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets=b"},
      "? " OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: \"b\" is the audioGroupId of no "
      "audio-only output in "
      "this group"}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets=a ,a"},
      OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: Should have audioGroupIds between "
             "commas, without blanks"}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets=a,,b"},
      OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: Should have audioGroupIds between "
             "commas, without blanks"}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets=a,"},
      OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: Should have audioGroupIds between "
             "commas, without blanks"}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets= a"},
      OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: Should have audioGroupIds between "
             "commas, without blanks"}},
    {"rendition_sets",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets=a,a"},
      OUTPUT "/outputSettings/hlsSettings/audioRenditionSets: \"a\" is given twice"}},
    {"destination",
     {mp4_job,
      {GROUP "/fileGroupSettings/destination=s3://"},
      GROUP "/fileGroupSettings/destination"
            ": Should name a bucket: letters, digits, '.', '_' and '-', after s3://"}},
    {"destination",
     {mp4_job,
      {GROUP "/fileGroupSettings/destination=s3:///k"},
      GROUP "/fileGroupSettings/destination"
            ": Should name a bucket: letters, digits, '.', '_' and '-', after s3://"}},
    {"destination",
     {mp4_job,
      {GROUP "/fileGroupSettings/destination=s3://a b/k"},
      GROUP "/fileGroupSettings/destination"
            ": Should name a bucket: letters, digits, '.', '_' and '-', after s3://"}},
    {"destination",
     {mp4_job,
      {GROUP "/fileGroupSettings/destination=s3://.a/"},
      GROUP "/fileGroupSettings/destination"
            ": Should name a bucket: letters, digits, '.', '_' and '-', after s3://"}},
    {"destination", {mp4_job, {GROUP "/fileGroupSettings/destination=s3://a_B.c-9"}, ""}},
    {"base_identifiers",
     {mp4_job,
      {GROUP "/fileGroupSettings/destination=s3://b/$h$/"},
      GROUP "/fileGroupSettings/destination: Unknown format identifier [$h$]"}},
    {"base_identifiers",
     {hls_job,
      {HLS "/destination=s3://b/$$/"},
      HLS "/destination: Unknown format identifier [$$]"}},
    {"base_identifiers",
     {mp4_job, {GROUP "/fileGroupSettings/destination=s3://b/$dt$$d$/$t$_$fn$/5$"}, ""}},
    {"name_modifiers",
     {hls_job,
      {"/outputGroups/0/outputs=[{\"containerSettings\":{\"container\":\"M3U8\"}," VIDEO "}]"},
      OUTPUT ": nameModifier is a required property"}},
    {"rendition_sets", {hls_job, {OUTPUT "/outputSettings/hlsSettings/audioRenditionSets="}, ""}},
    {"final_segment",
     {hls_job,
      {HLS "/minFinalSegmentLength=0.5"},
      HLS "/minFinalSegmentLength: Should be 0, or greater than or equal to 1"}},
    {"final_segment",
     {hls_job,
      {HLS "/minFinalSegmentLength=10"},
      HLS "/minFinalSegmentLength: Should be less than 10, the segmentLength"}},
    {"final_segment", {hls_job, {HLS "/minFinalSegmentLength=9.5"}, ""}},
    {"lengths_given",
     {hls_job, {HLS "/minSegmentLength=null"}, HLS ": minSegmentLength is a required property"}},
    {"lengths_given", {hls_job, {HLS "/minSegmentLength=0"}, ""}},
    {"subdirectories",
     {hls_job,
      {HLS "/segmentsPerSubdirectory=10"},
      "? " HLS
      "/segmentsPerSubdirectory: Is read where directoryStructure is SUBDIRECTORY_PER_STREAM"}},
    {"subdirectories",
     {hls_job,
      {HLS "/segmentsPerSubdirectory=10", HLS "/directoryStructure=SUBDIRECTORY_PER_STREAM"},
      ""}},

    /* outputs */
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=_$x$"},
      OUTPUT "/nameModifier: Unknown format identifier [$x$]"}},
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=_$H$"},
      OUTPUT "/nameModifier: Unknown format identifier [$H$]"}},
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=$h%$"},
      OUTPUT "/nameModifier: Unknown format identifier [$h%$]"}},
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=$h%x4$"},
      OUTPUT "/nameModifier: Unknown format identifier [$h%x4$]"}},
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=$ h$"},
      OUTPUT "/nameModifier: Unknown format identifier [$ h$]"}},
    {"identifiers",
     {mp4_job,
      {OUTPUT "/nameModifier=$h%99$"},
      OUTPUT "/nameModifier: Unknown format identifier [$h%99$]"}},
    {"identifiers",
     {mp4_job, {OUTPUT "/nameModifier=_$dt$$d$$t$$fn$$rv$$ra$$rc$$w$x$h%04$_$f$$ex$$$"}, ""}},
    {"identifiers", {mp4_job, {OUTPUT "/nameModifier=_$w"}, ""}},
    {"identifiers",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/segmentModifier=$n$"},
      OUTPUT "/outputSettings/hlsSettings/segmentModifier: Unknown format identifier [$n$]"}},
    {"video_or_audio",
     {mp4_job,
      {PICTURE "=null", OUTPUT "/audioDescriptions=[]"},
      OUTPUT ": Should have a videoDescription or audioDescriptions"}},
    {"container_in_group",
     {mp4_job,
      {OUTPUT "/containerSettings/container=M3U8"},
      OUTPUT
      "/containerSettings/container: Must be one for files, such as MP4: M3U8 is for streams"}},
    {"container_in_group",
     {hls_job,
      {OUTPUT "/containerSettings/container=MP4"},
      OUTPUT "/containerSettings/container: Must be M3U8"}},
    {"container_settings", {mp4_job, {M3U8 "={}"}, "? " M3U8 ": Is not read: container is MP4"}},
    {"codec_in_container",
     {mp4_job,
      {OUTPUT "/containerSettings/container=RAW"},
      CODEC ": RAW video is FRAME_CAPTURE: H_264 needs the container MP4"}},
    {"codec_in_container",
     {mp4_job,
      {SECOND "=" COPY, SECOND "/nameModifier=_b", OUTPUT "/nameModifier=_a", CODEC "=" CAPTURE},
      OUTPUT "/containerSettings/container: Must be RAW: the codec is FRAME_CAPTURE\n" OUTPUT
             "/audioDescriptions: Should have at most 0 items: the codec is FRAME_CAPTURE"}},
    {"codec_in_container", {hls_job, {CODEC "=" CAPTURE}, CODEC "/codec: Must be H_264"}},
    {"codec_in_container",
     {mp4_job, {PICTURE "=null", OUTPUT "/containerSettings/container=RAW"}, ""}},
    {"group_only_settings",
     {mp4_job,
      {OUTPUT "/outputSettings={\"hlsSettings\":{}}"},
      "? " OUTPUT "/outputSettings/hlsSettings: Is not read: this is not an HLS group"}},
    {"group_only_settings",
     {hls_job,
      {OUTPUT "/extension=ts"},
      "? " OUTPUT "/extension: Is not read: this is not a file group"}},
    {"audio_only_settings",
     {hls_job,
      {OUTPUT "/outputSettings/hlsSettings/audioTrackType=AUDIO_ONLY_VARIANT_STREAM"},
      "? " OUTPUT
      "/outputSettings/hlsSettings/audioTrackType: Is not read: this output has video"}},
    {"one_audio_rendition",
     {hls_job,
      {SECOND
       "/audioDescriptions/1={\"codecSettings\":{\"codec\":\"AAC\",\"aacSettings\":{\"codingMode\":"
       "\"CODING_MODE_1_0\",\"sampleRate\":48000}}}"},
      SECOND "/audioDescriptions: Should have at most 1 items: the output is audio only"}},
    {"pids", {hls_job, {M3U8 "={\"videoPid\":480}"}, M3U8 "/videoPid: Should differ from pmtPid"}},
    {"pids",
     {hls_job,
      {SECOND "/containerSettings/m3u8Settings={\"audioPids\":[]}"},
      SECOND "/containerSettings/m3u8Settings/audioPids: Should have at least 1 items: the "
             "output has so many "
             "tracks"}},
    {"pids",
     {hls_job,
      {SECOND "/containerSettings/m3u8Settings={\"audioPids\":[480]}"},
      SECOND "/containerSettings/m3u8Settings/audioPids: Should be different PIDs: 480 is taken"}},
    {"pcr_pid",
     {hls_job,
      {M3U8 "={\"pcrPid\":482}"},
      M3U8 "/pcrPid: Other PIDs than videoPid, 481, are not supported yet"}},
    {"pcr_pid", {hls_job, {M3U8 "={\"pcrPid\":481}"}, ""}},
    {"ctts_version",
     {mp4_job,
      {OUTPUT "/containerSettings/mp4Settings={\"cttsVersion\":1,\"cslgAtom\":\"EXCLUDE\"}"},
      OUTPUT "/containerSettings/mp4Settings/cslgAtom: Must be INCLUDE"}},
    {"ctts_version", {mp4_job, {OUTPUT "/containerSettings/mp4Settings={\"cttsVersion\":1}"}, ""}},

    /* video */
    {"video_codec_settings",
     {mp4_job, {H264 "=null"}, CODEC ": Should have at least 2 properties"}},
    {"video_codec_settings",
     {mp4_job,
      {CODEC "/frameCaptureSettings={}"},
      CODEC "/frameCaptureSettings: Should match all dependencies: See other errors for more "
            "details\n" CODEC "/codec: Must be FRAME_CAPTURE"}},
    {"even_size",
     {mp4_job,
      {PICTURE "/width=912", PICTURE "/height=513"},
      PICTURE "/height: Invalid resolution [912 x 513], only even values are supported."}},
    {"even_size",
     {mp4_job,
      {PICTURE "/width=641", PICTURE "/height=null"},
      PICTURE "/width: Invalid resolution [641], only even values are supported."}},
    {"largest_size",
     {mp4_job,
      {PICTURE "/width=4098", PICTURE "/height=2160"},
      PICTURE "/width: Should be less than or equal to 4096"}},
    {"largest_size",
     {mp4_job,
      {PICTURE "/width=2162", PICTURE "/height=4096"},
      PICTURE "/width: Should be less than or equal to 2160"}},
    {"largest_size", {mp4_job, {PICTURE "/width=2160", PICTURE "/height=4096"}, ""}},
    {"rate_control", {mp4_job, {H264 "/bitrate=1000000"}, H264 INCOMPATIBLE}},
    {"rate_control", {mp4_job, {H264 "/rateControlMode=CBR"}, H264 NOT_CBR}},
    {"rate_control",
     {mp4_job, {H264 "/rateControlMode=CBR", H264 "/maxBitrate=null"}, H264 NOT_CBR}},
    {"rate_control",
     {mp4_job, {H264 "/rateControlMode=null", H264 "/maxBitrate=null"}, H264 INCOMPATIBLE}},
    {"rate_control",
     {mp4_job, {H264 "/maxBitrate=null"}, H264 ": maxBitrate is a required property"}},
    {"rate_control",
     {mp4_job, {H264 "/rateControlMode=null"}, H264 ": bitrate is a required property"}},
    {"rate_control",
     {mp4_job,
      {H264 "/rateControlMode=VBR", H264 "/bitrate=1500001"},
      H264 "/maxBitrate: Should be greater than or equal to 1500001, the bitrate"}},
    {"rate_control", {mp4_job, {H264 "/rateControlMode=VBR", H264 "/bitrate=1500000"}, ""}},
    {"rate_control",
     {mp4_job,
      {H264 "/rateControlMode=CBR", H264 "/maxBitrate=null", H264 "/bitrate=1000000"},
      ""}},
    {"qvbr_settings",
     {mp4_job,
      {H264 "/rateControlMode=VBR", H264 "/bitrate=1000000", H264 "/qvbrSettings={}"},
      "? " H264 "/qvbrSettings: Is not read: rateControlMode is not QVBR"}},
    {"qvbr_settings",
     {mp4_job,
      {H264 "/qvbrSettings={\"qvbrQualityLevelFineTune\":0.33}"},
      "? " H264
      "/qvbrSettings/qvbrQualityLevelFineTune: Is not read: qvbrQualityLevel is left out"}},
    {"pixel_aspect",
     {mp4_job,
      {H264 "/parControl=SPECIFIED", H264 "/parNumerator=40"},
      H264 ": parDenominator is a required property"}},
    {"pixel_aspect",
     {mp4_job,
      {H264 "/parNumerator=40"},
      "? " H264 "/parNumerator: Is not read: parControl is not SPECIFIED"}},
    {"frame_rate",
     {mp4_job,
      {H264 "/framerateControl=SPECIFIED", H264 "/framerateDenominator=1001"},
      H264 ": framerateNumerator is a required property"}},
    {"frame_rate",
     {mp4_job,
      {H264 "/framerateNumerator=25"},
      "? " H264 "/framerateNumerator: Is not read: framerateControl is not SPECIFIED"}},
    {"gop_size",
     {mp4_job, {H264 "/gopSizeUnits=SECONDS"}, H264 ": gopSize is a required property"}},
    {"gop_size",
     {mp4_job,
      {H264 "/gopSizeUnits=FRAMES", H264 "/gopSize=12.5"},
      H264 "/gopSize: Should be integer: gopSizeUnits is FRAMES"}},
    {"gop_size",
     {mp4_job,
      {H264 "/gopSizeUnits=SECONDS", H264 "/gopSize=0"},
      H264 "/gopSize: Should be greater than 0"}},
    {"gop_size",
     {mp4_job,
      {H264 "/gopSize=2"},
      "? " H264 "/gopSize: Is read where gopSizeUnits is FRAMES or SECONDS"}},
    {"baseline",
     {mp4_job,
      {H264 "/codecProfile=BASELINE", H264 "/entropyEncoding=CABAC"},
      BASELINE(H264 "/entropyEncoding: Must be CAVLC")}},
    {"baseline",
     {mp4_job,
      {H264 "/codecProfile=BASELINE"},
      BASELINE(H264 ": entropyEncoding is a required property")}},
    {"baseline",
     {mp4_job,
      {H264 "/codecProfile=BASELINE", H264 "/entropyEncoding=CAVLC"},
      BASELINE(H264 ": numberBFramesBetweenReferenceFrames is a required property")}},
    {"baseline",
     {mp4_job,
      {H264 "/codecProfile=BASELINE", H264 "/entropyEncoding=CAVLC",
       H264 "/numberBFramesBetweenReferenceFrames=1"},
      BASELINE(H264 "/numberBFramesBetweenReferenceFrames: Should be less than or equal to 0")}},
    {"baseline",
     {mp4_job,
      {H264 "/codecProfile=BASELINE", H264 "/entropyEncoding=CAVLC",
       H264 "/numberBFramesBetweenReferenceFrames=0"},
      ""}},
    {"softness",
     {mp4_job,
      {H264 "/softness=17"},
      "? " H264 "/softness: Is ignored: of the softer matrices only 1 and 16 can be written"}},
    {"softness",
     {mp4_job,
      {H264 "/softness=16"},
      "? " H264 "/softness: Is ignored: quantizer matrices need a HIGH profile"}},
    {"softness", {mp4_job, {H264 "/softness=16", H264 "/codecProfile=HIGH"}, ""}},
    {"slices",
     {mp4_job,
      {H264 "/slices=24"},
      H264 "/slices: Should be less than or equal to 23, the rows of macroblocks"}},
    {"slices", {mp4_job, {H264 "/slices=23"}, ""}},
    {"manual_quantization",
     {mp4_job,
      {H264 "/spatialAdaptiveQuantization=ENABLED"},
      "? " H264 "/spatialAdaptiveQuantization: Is not read: adaptiveQuantization is AUTO"}},
    {"manual_quantization",
     {mp4_job,
      {H264 "/spatialAdaptiveQuantization=DISABLED", H264 "/adaptiveQuantization=LOW"},
      ""}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3_1", H264 "/maxBitrate=16800001"},
      H264 "/maxBitrate: Should be less than or equal to 16800000"}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3_1", H264 "/codecProfile=HIGH", H264 "/maxBitrate=21000000"},
      ""}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3", H264 "/hrdBufferSize=12000001"},
      H264 "/hrdBufferSize: Should be less than or equal to 12000000"}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3", PICTURE "/width=1920"},
      PICTURE "/width: Should be less than or equal to 1808"}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3", PICTURE "/width=720", PICTURE "/height=578"},
      PICTURE "/width: Should be less than or equal to 688"}},
    {"level",
     {mp4_job,
      {H264 "/codecLevel=LEVEL_3", H264 "/framerateControl=SPECIFIED",
       H264 "/framerateNumerator=60", H264 "/framerateDenominator=1"},
      PICTURE "/width: Should be less than or equal to 464"}},

    /* audio */
    {"audio_codec_settings",
     {mp4_job, {AAC "=null"}, SOUND "/codecSettings: aacSettings is a required property"}},
    {"audio_source",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/defaultSelection=NOT_DEFAULT",
       SOUND "/audioSourceName=X"},
      "? " SOUND "/audioSourceName: The track will be silent: the input has no audio selector "
      "\"X\", and no default one"}},
    {"audio_source", {mp4_job, {SOUND "/audioSourceName=X"}, ""}},
    {"sample_rate",
     {mp4_job,
      {AAC "/sampleRate=11025"},
      AAC "/sampleRate: Should be equal to one of the allowed values in "
          "[8000,12000,16000,22050,24000,32000,44100,48000,88200,96000]"}},
    {"sample_rate",
     {mp4_job,
      {AAC "/sampleRate=88200", AAC "/codingMode=CODING_MODE_5_1"},
      AAC
      "/sampleRate: Should be equal to one of the allowed values in [32000,44100,48000,96000]"}},
    {"aac_bitrate",
     {mp4_job,
      {AAC "/bitrate=48000"},
      AAC "/bitrate: You specified a value for Bitrate that is not valid with the combination of "
          "Profile LC, Coding "
          "mode CODING_MODE_2_0, and Sample rate 48000 you selected. Specify a bitrate in the "
          "range of 64000-576000, "
          "and resubmit your job For a list of supported bitrates, see: "
          "https://docs.aws.amazon.com/mediaconvert/latest/ug/aac-support.html"}},
    {"aac_bitrate",
     {mp4_job,
      {AAC "/bitrate=100000"},
      AAC "/bitrate: Should be equal to one of the allowed values in [" BITRATES "]"}},
    {"aac_bitrate", {mp4_job, {AAC "/bitrate=56000", AAC "/codingMode=CODING_MODE_1_0"}, ""}},
    {"aac_rate_control",
     {mp4_job,
      {AAC "/rateControlMode=VBR"},
      "? " AAC "/bitrate: Is not read: rateControlMode is VBR"}},
    {"aac_rate_control",
     {mp4_job,
      {AAC "/vbrQuality=HIGH"},
      "? " AAC "/vbrQuality: Is not read: rateControlMode is CBR"}},
    /* what passes */
    {"not_captures_alone",
     {mp4_job,
      {OUTPUT "/audioDescriptions=null", OUTPUT "/containerSettings/container=RAW",
       CODEC "=" CAPTURE, OUTPUT "/nameModifier=_a",
       SECOND "={\"nameModifier\":\"_b\",\"containerSettings\":{\"container\":\"MP4\"}," AUDIO "}"},
      ""}},
    {"one_track", {mp4_job, {"/inputs/0/audioSelectors/Audio Selector 1/tracks=[2]"}, ""}},
    {"group_settings", {hls_job, {GROUP "/fileGroupSettings=null"}, ""}},
    {"container_in_group", {mp4_job, {OUTPUT "/containerSettings/container=MOV"}, ""}},
    {"container_settings", {hls_job, {M3U8 "={}"}, ""}},
    {"group_only_settings", {mp4_job, {OUTPUT "/extension=m4v"}, ""}},
    {"audio_only_settings",
     {hls_job,
      {SECOND "/outputSettings/hlsSettings/audioTrackType=ALTERNATE_AUDIO_AUTO_SELECT"},
      ""}},
    {"one_audio_rendition",
     {hls_job,
      {OUTPUT "/audioDescriptions=[{\"codecSettings\":{\"codec\":\"AAC\",\"aacSettings\":{"
              "\"codingMode\":\"CODING_MODE_1_0\",\"sampleRate\":48000}}}]"},
      ""}},
    {"pids", {hls_job, {M3U8 "={\"videoPid\":500,\"pmtPid\":501}"}, ""}},
    {"video_codec_settings",
     {mp4_job, {H264 "={\"rateControlMode\":\"QVBR\",\"maxBitrate\":1000000}"}, ""}},
    {"even_size", {mp4_job, {PICTURE "/width=912", PICTURE "/height=null"}, ""}},
    {"audio_codec_settings",
     {mp4_job, {AAC "={\"codingMode\":\"CODING_MODE_2_0\",\"sampleRate\":48000}"}, ""}},
    {"sample_rate", {mp4_job, {AAC "/sampleRate=88200", AAC "/bitrate=576000"}, ""}},
    {"aac_rate_control",
     {mp4_job, {AAC "/rateControlMode=VBR", AAC "/vbrQuality=HIGH", AAC "/bitrate=null"}, ""}},
};

/* Whether a row has said it: what it is that is not supported or ignored, and why. */
static bool is_of_a_row(const struct finding *f)
{
    return strstr(f->message, "is not supported yet: ") || strstr(f->message, "is ignored: ");
}

/* What rules say, without what rows say of their support. */
static void run_row(const struct row *row, struct text *out)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct findings all, by_rules;
    struct json *root = case_read(arena, row->c.base);
    for (size_t i = 0; i < COUNT(row->c.changes) && row->c.changes[i]; i++)
        case_change(arena, root, row->c.changes[i]);
    findings_init(&all, arena);
    findings_init(&by_rules, arena);
    const struct structure *stored = job_stored_request(root);
    if (stored)
        job_check_stored(arena, stored, root, &all);
    else
        assert_true(!job_new(arena, root, 0, &all) == (all.errors > 0));
    for (int i = 0; i < all.count; i++)
        if (all.items[i].support == EXACT || !is_of_a_row(&all.items[i]))
            findings_add(&by_rules, all.items[i].severity, all.items[i].pointer, all.items[i].at,
                         "%s", all.items[i].message);
    case_list(&by_rules, out);
}

static const struct {
    const struct row *rows;
    size_t count;
} tables[] = {{made_rows, COUNT(made_rows)},
              {job_rows, COUNT(job_rows)},
              {group_rows, COUNT(group_rows)},
              {video_rows, COUNT(video_rows)},
              {tracks_rows, COUNT(tracks_rows)}};

static void test_rows(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t t = 0; t < COUNT(tables); t++)
        for (const struct row *row = tables[t].rows; row < tables[t].rows + tables[t].count;
             row++) {
            CLEANUP(text_release) struct text out = {0};
            run_row(row, &out);
            if (strcmp(out.data, row->c.expected) == 0)
                continue;
            print_error("rule '%s', %s\n  found:\n%s\n  expected:\n%s\n", row->rule,
                        row->c.changes[0], out.data, row->c.expected);
            wrong++;
        }
    assert_int_equal(wrong, 0);
}

/* Whether a row makes the rule speak, or is one that it lets pass. */
static bool has_row(const char *rule, bool speaks)
{
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            if (strcmp(tables[t].rows[i].rule, rule) == 0 &&
                (*tables[t].rows[i].c.expected != '\0') == speaks)
                return true;
    return false;
}

/* Every rule has a row that it refuses or warns of. */
static void test_every_rule(void **state)
{
    (void)state;
    for (const struct rule *rule = job_rules; rule->name; rule++)
        if (!has_row(rule->name, true))
            fail_msg("no row makes rule '%s' speak", rule->name);
}

/* … and one that it has nothing to say of, with more in it than the jobs that all rows start from.
 */
static void test_every_rule_passes(void **state)
{
    static const char *const by_all_others[] = {
        "one_input",  "input_count",       "outputs_exist", "same_caption_selectors",
        "local_file", "file_or_generator", "generator"};
    (void)state;
    for (const struct rule *rule = job_rules; rule->name; rule++) {
        bool other = false;
        for (size_t i = 0; i < COUNT(by_all_others); i++)
            other |= strcmp(by_all_others[i], rule->name) == 0;
        if (!other && !has_row(rule->name, false))
            fail_msg("no row passes rule '%s'", rule->name);
    }
}

static void test_local_file_where_it_may(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_release) struct text out = {0};
    assert_non_null(case_run(
        arena, &(struct job_case){mp4_job, {"/inputs/0/fileInput=file:///tmp/a b.mp4"}, ""},
        JOB_LOCAL_FILES, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_every_rule_passes),
        cmocka_unit_test(test_local_file_where_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
