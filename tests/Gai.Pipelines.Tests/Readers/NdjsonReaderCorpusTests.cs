using System.Text.Json;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Every case of the corpus x every way to cut the bytes, judged as its rules say; and the framework's reader beside ours.</summary>
public sealed class NdjsonReaderCorpusTests
{
    // The longest inputs are nested far beyond any limit: what is in them matters little, that they end does.
    private const int LongInput = 20_000;

    /// <summary>Where <c>topLevelValues</c> differs: values are parted by white space to it, so one may span lines and a line may hold several.</summary>
    private static readonly HashSet<string> NotLines = new(StringComparer.Ordinal)
    {
        "jts-n_structure_double_array",
        "jts-n_structure_object_with_trailing_garbage",
        "jts-y_array_with_1_and_newline",
        "jts-y_object_with_newlines",
        "dotnet-toplevel-objects",
        "dotnet-toplevel-arrays",
    };

    public static TheoryData<string> Ids => NdjsonCorpus.Ids;

    [Fact]
    public void Corpus_IsWhole() => Assert.Equal(343, NdjsonCorpus.Cases.Count);

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_CaseInAnyPieces_GivesWhatTheCorpusSays(string id)
    {
        NdjsonCase one = NdjsonCorpus.Cases[id];
        foreach ((string layout, PieceReader pipe) in Layouts(one.Input))
        {
            (List<string> records, StreamReadException? failure) = await ReadAsync(pipe, new NdjsonReaderOptions());
            AssertRecords(one.Records, records.Take(one.Records.Count), layout);
            if (one.BadRecord < 0 || (one.IsEither && failure is null))
            {
                Assert.Null(failure);
            }
            else
            {
                Assert.NotNull(failure);
                Assert.Equal(one.BadRecord + 1, failure.Number);
                Assert.Equal(one.Records.Count, records.Count);
            }

            if (one.IsEither && failure is null)
            {
                Assert.Equal(one.Records.Count + 2, records.Count);
                AssertRecords(["{\"i\":2}"], records.TakeLast(1), layout);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_CaseWithBadRecordsPassedOver_GoesOnBehindThem(string id)
    {
        NdjsonCase one = NdjsonCorpus.Cases[id];
        foreach ((string layout, PieceReader pipe) in Layouts(one.Input))
        {
            var numbers = new List<long>();
            (List<string> records, StreamReadException? failure) = await ReadAsync(pipe, new NdjsonReaderOptions { OnBadRecord = bad => numbers.Add(bad.Number - 1) });
            Assert.True(failure is null or TruncatedStreamException);
            if (one.RecordsWithoutBad is { } expected)
            {
                AssertRecords(expected, records, layout);
                Assert.Equal(one.BadRecord < 0 ? [] : [one.BadRecord], numbers.Append(failure?.Number - 1 ?? -1).Where(number => number >= 0).Take(1).Select(number => (int)number));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ReadAsync_Case_AgreesWithTheFrameworkWhereItReadsLines(string id)
    {
        NdjsonCase one = NdjsonCorpus.Cases[id];
        (List<string> ours, StreamReadException? failure) = await ReadAsync(PieceReader.Of(one.Input), new NdjsonReaderOptions());
        var theirs = new List<string>();
        bool failed = false;
        try
        {
            await foreach (JsonElement record in JsonSerializer.DeserializeAsyncEnumerable(
                new MemoryStream(one.Input), TestJson.Default.JsonElement, topLevelValues: true, TestContext.Current.CancellationToken))
            {
                theirs.Add(record.GetRawText());
            }
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            failed = true;
        }

        Assert.Equal(failure is not null && !NotLines.Contains(id), failed);
        if (failure is null)
        {
            AssertRecords(ours, theirs, "framework");
        }
    }

    private static IEnumerable<(string Layout, PieceReader Reader)> Layouts(byte[] input) => input.Length < LongInput
        ? PieceReader.Layouts(input)
        : [("whole", PieceReader.Of(input)), ("byte by byte", PieceReader.Of(input, 1)), ("pieces of 4,096", PieceReader.Of(input, 4096))];

    private static async Task<(List<string> Records, StreamReadException? Failure)> ReadAsync(PieceReader pipe, NdjsonReaderOptions options)
    {
        var records = new List<string>();
        try
        {
            await foreach (JsonElement record in NdjsonReader.ReadAsync(pipe, TestJson.Default.JsonElement, options, TestContext.Current.CancellationToken))
            {
                records.Add(record.GetRawText());
            }

            return (records, null);
        }
        catch (StreamReadException failure)
        {
            return (records, failure);
        }
    }

    private static void AssertRecords(IEnumerable<string> expected, IEnumerable<string> actual, string layout)
    {
        Assert.True(expected.Count() == actual.Count(), $"{layout}: {string.Join(" | ", actual)} instead of {string.Join(" | ", expected)}");
        foreach ((string wanted, string read) in expected.Zip(actual))
        {
            Assert.True(IsSame(wanted, read), $"{layout}: {read} instead of {wanted}");
        }
    }

    private static bool IsSame(string wanted, string read) =>
        wanted == read || JsonElement.DeepEquals(JsonDocument.Parse(wanted).RootElement, JsonDocument.Parse(read).RootElement);
}
