namespace Gai.Pipelines;

/// <summary>Says what a stream looks like that is sent as one JSON document (<see cref="StreamFormat.JsonDocument"/>).</summary>
public enum DocumentShape
{
    /// <summary>An array of all the records.</summary>
    ArrayOfRecords,

    /// <summary>What the dialect has written, to the letter: one JSON value, at the end.</summary>
    OneValue,
}
