/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of row against values that fit and values that do not. */
#include "job_case.h"

static void test_rows(void **state)
{
    (void)state;
    static const struct job_case cases[] = {
        {mp4_job, {NULL}, ""},
        {hls_job, {NULL}, ""},

        /* what is there */
        {"[]", {NULL}, ": Should be object"},
        {"{}", {NULL}, ": inputs is a required property\n: outputGroups is a required property"},
        {mp4_job, {"/Inputs=null"}, ": inputs is a required property"},
        {mp4_job, {AAC "/sampleRate=null"}, AAC ": sampleRate is a required property"},
        {mp4_job,
         {SOUND "/codecSettings/codec=null"},
         SOUND "/codecSettings: codec is a required property"},
        {mp4_job,
         {H264 "/gopSizze=2"},
         H264 "/gopSizze: \"gopSizze\" is not a member of H264Settings; did you mean "
              "\"GopSize\"?"},
        {mp4_job, {H264 "/zzz=2"}, H264 "/zzz: \"zzz\" is not a member of H264Settings"},
        {mp4_job,
         {H264 "/MAXBITRATE=2"},
         H264 "/MAXBITRATE: \"MAXBITRATE\" is not a member of H264Settings; did you "
              "mean \"MaxBitrate\"?"},
        {"{" INPUTS ",\"Inputs\":[],\"outputGroups\":[]}",
         {NULL},
         "/inputs: \"Inputs\" is given twice\n"
         "/outputGroups: Should have at least 1 items"},

        /* types */
        {mp4_job, {PICTURE "/width=\"\\\"640\\\"\""}, PICTURE "/width: Should be integer"},
        {mp4_job, {PICTURE "/width=640.5"}, PICTURE "/width: Should be integer"},
        {mp4_job, {PICTURE "/width=640.0"}, ""},
        {mp4_job, {PICTURE "/width=1e300"}, PICTURE "/width: Should be integer"},
        {mp4_job, {H264 "/gopSize=[]"}, H264 "/gopSize: Should be number"},
        {mp4_job, {"/inputs/0/fileInput=7"}, "/inputs/0/fileInput: Should be string"},
        {mp4_job, {"/inputs={}"}, "/inputs: Should be array"},
        {mp4_job, {"/inputs/0/videoSelector=[]"}, "/inputs/0/videoSelector: Should be object"},
        {mp4_job,
         {"/inputs/0/audioSelectors=[]", OUTPUT "/audioDescriptions=null"},
         "/inputs/0/audioSelectors: Should be object"},
        {mp4_job,
         {"/inputs/0/crop=7"},
         "/inputs/0/crop: Crop is not supported yet: The part of the picture that is "
         "used; all of it is\n"
         "/inputs/0/crop: Should be object"},
        /* what is given twice, also where the last word is nothing */
        {mp4_job,
         {"/inputs/0/videoSelector={\"rotate\":null,\"rotate\":\"AUTO\",\"rotate\":null}"},
         "/inputs/0/videoSelector/rotate: \"rotate\" is given twice\n"
         "/inputs/0/videoSelector/rotate: \"rotate\" is given twice"},
        /* what is refused is checked all the same, and refused once */
        {mp4_job,
         {"/inputs/0/crop={\"Height\":1,\"Wide\":2}"},
         "/inputs/0/crop: Crop is not supported yet: The part of the picture that is "
         "used; all of it is\n"
         "/inputs/0/crop/height: Should be greater than or equal to 2\n"
         "/inputs/0/crop/Wide: \"Wide\" is not a member of Rectangle; did you mean \"Width\"?"},
        {hls_job,
         {HLS "/adMarkers=[\"ELEMENTAL\", \"X\"]"},
         HLS "/adMarkers/1: Should be equal to one of the allowed values in "
             "[\"ELEMENTAL\",\"ELEMENTAL_SCTE35\"]"},

        /* ranges, lengths, patterns */
        {mp4_job,
         {H264 "/numberBFramesBetweenReferenceFrames=8"},
         H264 "/numberBFramesBetweenReferenceFrames: Should be less than or equal to 7"},
        {mp4_job,
         {H264 "/maxBitrate=999"},
         H264 "/maxBitrate: Should be greater than or equal to 1000"},
        {mp4_job,
         {H264 "/maxBitrate=1152000001"},
         H264 "/maxBitrate: Should be less than or equal to 1152000000"},
        {mp4_job,
         {H264 "/gopSize=-0.5", H264 "/gopSizeUnits=SECONDS"},
         H264 "/gopSize: Should be greater than or equal to 0"},
        {hls_job,
         {OUTPUT "/containerSettings/m3u8Settings/audioPids=[482, 31, 8183]"},
         OUTPUT
         "/containerSettings/m3u8Settings/audioPids/1: Should be greater than or equal to "
         "32\n" OUTPUT
         "/containerSettings/m3u8Settings/audioPids/2: Should be less than or equal to 8182"},
        {mp4_job,
         {OUTPUT "/nameModifier="},
         OUTPUT "/nameModifier: Should NOT be shorter than 1 characters"},
        {mp4_job,
         {"/inputs/0/timecodeStart=99:00:00:00"},
         "/inputs/0/timecodeStart: Should match the pattern: "
         "/^((([0-1]\\d)|(2[0-3]))(:[0-5]\\d){2}([:;][0-5]\\d))$/"},
        {mp4_job,
         {"/inputs/0/timecodeStart=23:59:59;29"},
         "? /inputs/0/timecodeStart: TimecodeStart is ignored: The first frame's timecode for "
         "clipping; nothing is clipped"},
        {mp4_job,
         {OUTPUT "/nameModifier=\"a\\u001bb\""},
         OUTPUT "/nameModifier: Should NOT have control characters"},
        {mp4_job,
         {SOUND "/streamName=\"a\\u007f\""},
         SOUND "/streamName: Should NOT have control characters"},
        {mp4_job,
         {"/inputs/0/audioSelectors={\"Audio Selector 1\":{},\"a\\nb\":{}}"},
         "/inputs/0/audioSelectors/a\nb: Should NOT have control characters"},
        {"{\"settings\":{" INPUTS ",\"outputGroups\":[]},\"tags\":{\"a\\tb\":\"c\"}}",
         {NULL},
         "/outputGroups: Should have at least 1 items\n/tags/a\tb: Should NOT have control "
         "characters"},
        {mp4_job,
         {SOUND "/streamName=a\"b"},
         SOUND "/streamName: Should match the pattern: /^[\\w\\s]*$/"},
        {hls_job,
         {OUTPUT "/outputSettings/hlsSettings/audioGroupId=a\"b"},
         OUTPUT "/outputSettings/hlsSettings/audioGroupId: Should match the pattern: /^[^\"]*$/"},
        {mp4_job,
         {GROUP "/fileGroupSettings/destination=/tmp"},
         GROUP "/fileGroupSettings/destination: Should match the pattern: /^s3:///"},
        {mp4_job, {SOUND "/streamName=Ton_1 deutsch", SOUND "/customLanguageCode=de-CH"}, ""},

        /* enums */
        {mp4_job,
         {H264 "/rateControlMode=qvbr"},
         H264 "/rateControlMode: Should be equal to one of the allowed values in "
              "[\"CBR\",\"QVBR\",\"VBR\"]; did you mean \"QVBR\"?"},
        {mp4_job,
         {H264 "/slowPal=ENABLED", H264 "/framerateControl=SPECIFIED",
          H264 "/framerateNumerator=25", H264 "/framerateDenominator=1"},
         H264 "/slowPal: ENABLED is not supported yet: frames and audio are not relabelled"},
        {mp4_job,
         {H264 "/repeatPps=ENABLED"},
         "? " H264 "/repeatPps: ENABLED is ignored: parameter sets stand before every IDR only"},
        {mp4_job,
         {OUTPUT "/containerSettings/container=MP5"},
         OUTPUT "/containerSettings/container: Should be equal to one of the allowed values in "
                "[\"CMFC\",\"F4V\",\"GIF\",\"ISMV\",\"M2TS\",\"M3U8\",\"MOV\",\"MP4\",\"MPD\","
                "\"MXF\",\"OGG\",\"RAW\","
                "\"WEBM\",\"Y4M\"]; did you mean \"MP4\"?"},

        /* support */
        {mp4_job,
         {H264 "/slidingWindowMs=500"},
         H264 "/slidingWindowMs: SlidingWindowMs is not supported yet: Time over which "
              "SlidingWindowPeakBitrate is "
              "kept; MaxBitrate and HrdBufferSize bound the rate"},
        {mp4_job,
         {"/inputs/0/inputClippings=[]", "/inputs/0/captionSelectors={}",
          OUTPUT "/captionDescriptions=[]"},
         ""},
        {mp4_job,
         {"/nielsenConfiguration={}"},
         "/nielsenConfiguration: NielsenConfiguration is not supported yet: Nielsen's PCM to ID3 "
         "tags need its "
         "detector"},
        {hls_job, {OUTPUT "/containerSettings/m3u8Settings/audioPtsOffsetDelta=0"}, ""},
        {hls_job,
         {OUTPUT "/containerSettings/m3u8Settings/audioPtsOffsetDelta=1"},
         OUTPUT "/containerSettings/m3u8Settings/audioPtsOffsetDelta: AudioPtsOffsetDelta is not "
                "supported yet: Shifts "
                "the audio's timestamps against the video's; give AudioSelector.Offset"},
        {hls_job, {HLS "/timestampDeltaMilliseconds=0"}, ""},
        {hls_job,
         {HLS "/timestampDeltaMilliseconds=5"},
         "? " HLS "/timestampDeltaMilliseconds: TimestampDeltaMilliseconds is ignored: Shifts "
         "timestamps; they start "
         "where PtsOffset says"},
        {mp4_job, {"/timecodeConfig={\"source\":\"ZEROBASED\"}", "/adAvailOffset=0"}, ""},
        {mp4_job, {H264 "/minIInterval=0"}, ""},
        {mp4_job,
         {H264 "/minIInterval=31"},
         H264 "/minIInterval: Should be less than or equal to 30"},
        {mp4_job,
         {"/timecodeConfig={\"timestampOffset\":\"2026-01-01\"}"},
         "? /timecodeConfig/timestampOffset: TimestampOffset is ignored: Date for "
         "program-date-time; it is the date of the run"},
        {hls_job, {HLS "/adMarkers=[]"}, ""},
        {hls_job,
         {HLS "/adMarkers=[\"ELEMENTAL\"]"},
         "? " HLS
         "/adMarkers: AdMarkers is ignored: Ad markers in the playlists; SCTE-35 is not read"},
    };
    case_check(cases, COUNT(cases));
}

static void test_defaults(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_release) struct text out = {0};
    const struct job *job = case_run(arena, &(struct job_case){.base = mp4_job}, 0, &out);
    assert_non_null(job);

    const struct input *input = job->Settings->Inputs[0];
    assert_string_equal(input->place.pointer, "/inputs/0");
    assert_null(job->Settings->Inputs[1]);
    assert_string_equal(input->AudioSelectors[0]->place.name, "Audio Selector 1");
    assert_int_equal(input->AudioSelectors[0]->DefaultSelection, AUDIO_DEFAULT_SELECTION_DEFAULT);
    assert_int_equal(input->VideoSelector->Rotate, INPUT_ROTATE_DEGREE_0);
    assert_false(input->has_VideoSelector);

    const struct output_group *group = job->Settings->OutputGroups[0];
    assert_null(group->OutputGroupSettings->HlsGroupSettings);
    assert_false(group->OutputGroupSettings->FileGroupSettings->DestinationSettings->S3Settings
                     ->AccessControl->has_CannedAcl);

    const struct output *output = group->Outputs[0];
    const struct m3u8_settings *m3u8 = output->ContainerSettings->M3u8Settings;
    assert_int_equal(m3u8->AudioPids.count, 11);
    assert_int_equal(m3u8->AudioPids.items[10], 492);
    assert_int_equal(m3u8->VideoPid, 481);

    const struct h264_settings *h264 = output->VideoDescription->CodecSettings->H264Settings;
    assert_true(h264->has_MaxBitrate);
    assert_int_equal(h264->MaxBitrate, 1500000);
    assert_false(h264->has_Bitrate);
    assert_int_equal(h264->Bitrate, 0);
    assert_int_equal(h264->QualityTuningLevel, H264_QUALITY_TUNING_LEVEL_SINGLE_PASS_HQ);
    assert_false(h264->has_QualityTuningLevel);
    assert_int_equal(h264->QvbrSettings->QvbrQualityLevel, 0);
    assert_string_equal(output->AudioDescriptions[0]->AudioSourceName, "Audio Selector 1");
    assert_string_equal(output->AudioDescriptions[0]->place.pointer, SOUND);
}

static void test_forms(void **state)
{
    (void)state;
#define WRAPPED "{" INPUTS ",\"outputGroups\":[]}"
#define FOUND   "/outputGroups: Should have at least 1 items"
    static const struct job_case cases[] = {
        {WRAPPED, {NULL}, FOUND},
        {"{\"Settings\":" WRAPPED "}", {NULL}, FOUND},
        {"{\"settings\":" WRAPPED ",\"role\":\"r\",\"userMetadata\":{\"a\":\"b\"},\"priority\":50}",
         {NULL},
         FOUND},
        {"{\"job\":{\"settings\":" WRAPPED ",\"arn\":\"a\",\"status\":\"COMPLETE\"}}",
         {NULL},
         FOUND},
        {"{\"settings\":" WRAPPED ",\"arn\":\"a\",\"timing\":{}}", {NULL}, FOUND},
        {"{\"settings\":" WRAPPED ",\"arn\":\"a\",\"jobTemplate\":\"t\"}", {NULL}, FOUND},
        {"{\"settings\":" WRAPPED ",\"arn\":\"a\",\"tags2\":{}}",
         {NULL},
         FOUND "\n/tags2: \"tags2\" is not a member of CreateJobRequest; did you mean \"Tags\"?"},
        {"{\"settings\":" WRAPPED ",\"jobTemplate\":\"t\"}",
         {NULL},
         FOUND "\n/jobTemplate: JobTemplate is not supported yet: Settings stored under a name; "
               "give the settings themselves"},
        {"{\"settings\":" WRAPPED ",\"priority\":51,\"timing\":{}}",
         {NULL},
         FOUND "\n/priority: Should be less than or equal to 50\n"
               "/timing: \"timing\" is not a member of CreateJobRequest"},
        {"{\"settings\":[]}", {NULL}, ": Should be object"},
    };
    case_check(cases, COUNT(cases));
}

static void test_bounds(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text many = {0}, deep = {0}, out = {0}, out2 = {0};
    text_add(&many, "{\"inputs\":[{}");
    for (int i = 0; i < 1000; i++)
        text_add(&many, ",{}");
    text_add(&many, "],\"outputGroups\":[]}");
    CLEANUP(arena_free) struct arena *arena = arena_new();
    case_run(arena, &(struct job_case){.base = many.data}, 0, &out);
    assert_string_equal(out.data, "/inputs: Should have at most 1000 items");

    text_add(&deep, "{");
    for (int i = 0; i < 5000; i++)
        text_add(&deep, "%s\"unknown%d\":1", i ? "," : "", i);
    text_add(&deep, "}");
    case_run(arena, &(struct job_case){.base = deep.data}, 0, &out2);
    int lines = 0;
    for (const char *at = out2.data; at; at = strchr(at + 1, '\n'))
        lines++;
    assert_int_equal(lines, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
