"""The plan: each blob is sent once to each registry, mounted after that, and nothing is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imagemover import plan
from imagemover.manifests import Descriptor
from imagemover.plan import Spot, Want

BLOBS = [Descriptor("layer", f"sha256:{n:064x}", n * 100) for n in range(6)]
SPOTS = [Spot(place, path) for place in ("a", "b", "c") for path in ("x", "y")]

WANTS = st.lists(
    st.builds(
        Want,
        source=st.sampled_from(SPOTS),
        target=st.sampled_from(SPOTS),
        blobs=st.lists(st.sampled_from(BLOBS), unique=True).map(tuple),
    ),
    max_size=6,
)
PRESENT = st.sets(st.tuples(st.sampled_from(SPOTS), st.sampled_from([blob.digest for blob in BLOBS])))


@given(WANTS, PRESENT)
def test_every_blob_arrives_once(wants: list[Want], present: set[tuple[Spot, str]]) -> None:
    """What is wanted and not there is sent or mounted exactly once; what is there is left alone."""
    made = plan.build(wants, present)
    done = [(spot, step.blob.digest) for step in made.steps for spot in step.sends]
    done += [(mount.target, step.blob.digest) for step in made.steps for mount in step.mounts]
    wanted = {(want.target, blob.digest) for want in wants for blob in want.blobs}
    assert sorted(map(str, done)) == sorted(map(str, wanted - present))
    assert {(spot, blob.digest) for blob, spot in made.present} == wanted & present


@given(WANTS, PRESENT)
def test_a_registry_gets_no_byte_twice(wants: list[Want], present: set[tuple[Spot, str]]) -> None:
    """Within a registry a blob is sent once at most, and never where it can be mounted from."""
    for step in plan.build(wants, present).steps:
        places = [spot.place for spot in step.sends]
        assert len(places) == len(set(places))
        for mount in step.mounts:
            owner = Spot(mount.target.place, mount.from_path)
            sources = {want.source for want in wants if step.blob in want.blobs}
            targets = {want.target for want in wants if step.blob in want.blobs}
            assert (
                owner in step.sends or owner in sources or (owner in targets and (owner, step.blob.digest) in present)
            )


@given(WANTS, PRESENT)
def test_largest_first(wants: list[Want], present: set[tuple[Spot, str]]) -> None:
    """The largest blob comes first, and the same question gets the same plan."""
    made = plan.build(wants, present)
    sizes = [step.blob.size for step in made.steps]
    assert sizes == sorted(sizes, reverse=True)
    assert made == plan.build(wants, present)
    assert made.bytes_to_send == sum(step.blob.size * len(step.sends) for step in made.steps)
