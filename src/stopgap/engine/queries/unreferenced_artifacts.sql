-- Artifacts past their grace that no function version names, but for those of
-- deployments that go; plts decides which of them nothing else needs.
-- parameters: removed_ids bigint[], grace interval
with unnamed as (
    select array_agg(a.artifact_hash) as hashes
    from plts.artifact as a
    where a.created_at < clock_timestamp() - :grace
        and a.artifact_hash not in (
            select v.artifact_hash
            from stopgap.fn_version as v
            where v.deployment_id <> all (:removed_ids)
            union
            select found.hash[1]
            from stopgap.fn_version as v
            cross join regexp_matches(
                v.pointer ->> 'import_map', 'sha256:[0-9a-f]{64}', 'g'
            ) as found (hash)
            where v.deployment_id <> all (:removed_ids)
        )
)
select
    a.artifact_hash,
    octet_length(a.source_ts)
        + octet_length(a.compiled_js)
        + coalesce(octet_length(a.source_map), 0) as bytes
from unnamed as u
cross join plts.deletable_artifacts(u.hashes) as d (artifact_hash)
join plts.artifact as a on a.artifact_hash = d.artifact_hash
order by a.artifact_hash
