namespace Gai.Pipelines;

/// <summary>Says how a response ends whose stream has failed after its head was sent.</summary>
public enum FailureClose
{
    /// <summary>As any other: the dialect's error frame, and the missing end marker, tell the client.</summary>
    Clean,

    /// <summary>Without the end that HTTP prescribes, so that the client's HTTP layer reports it.</summary>
    Broken,

    /// <summary>Over HTTP/1.1 as <see cref="Broken"/>, otherwise as <see cref="Clean"/>.</summary>
    /// <remarks>For a dialect that has an error frame which some clients overlook. Over HTTP/2 a reset would often reach the client before the frame.</remarks>
    BrokenOverHttp1,
}
