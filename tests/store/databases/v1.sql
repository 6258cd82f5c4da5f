PRAGMA application_id = 1685222243;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "asset_sets" (
   "id" INTEGER PRIMARY KEY,
   "hash" TEXT NOT NULL,
   "asset_ids" TEXT NOT NULL
);
INSERT INTO "asset_sets" VALUES(1,'080a9ed428559ef602668b4c00f114f1a11c3f6b02a435f0bdc154578e4d7f22','[1]');
INSERT INTO "asset_sets" VALUES(2,'038966de9f6b9a901b20b4c6ca8b2a46009feebe031babc842d43690c0bc222b','[2]');
CREATE TABLE "assets" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT NOT NULL,
   "transport" TEXT NOT NULL,
   "address" TEXT,
   "owner" TEXT,
   "tier" INTEGER,
   "zone" TEXT,
   "classification" TEXT,
   "groups" TEXT NOT NULL,
   "tags" TEXT NOT NULL,
   "services" TEXT NOT NULL,
   "first_seen" TEXT NOT NULL,
   "last_tried" TEXT NOT NULL,
   "last_reached" TEXT,
   "last_outcome" TEXT NOT NULL,
   "last_seconds" REAL
);
INSERT INTO "assets" VALUES(1,'web01','ssh','192.0.2.1','it@office',1,'dmz',NULL,'["web"]','["prod"]','["www"]','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','ok',0.5);
INSERT INTO "assets" VALUES(2,'db01','ssh','192.0.2.2',NULL,NULL,'inside',NULL,'[]','[]','[]','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z',NULL,'unreachable',0.5);
CREATE TABLE "check_sets" (
   "id" INTEGER PRIMARY KEY,
   "hash" TEXT NOT NULL,
   "check_ids" TEXT NOT NULL
);
INSERT INTO "check_sets" VALUES(1,'c5483b392ca2d0aa16ced167e2b3a3cfd0e6e249b72b255ba0d5fc43dbffacd4','["BAK-001","SSH-003"]');
INSERT INTO "check_sets" VALUES(2,'4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945','[]');
CREATE TABLE "checks" (
   "id" TEXT PRIMARY KEY NOT NULL,
   "title" TEXT NOT NULL,
   "why" TEXT NOT NULL,
   "fix" TEXT NOT NULL,
   "severity" TEXT NOT NULL,
   "platforms" TEXT NOT NULL,
   "tags" TEXT NOT NULL,
   "tunables" TEXT NOT NULL,
   "digest" TEXT NOT NULL,
   "changed_at" TEXT NOT NULL
);
INSERT INTO "checks" VALUES('SSH-003','Title of SSH-003','why','fix','high','["linux"]','[]','{}','a38968390b432b7fdb4894740c688cd1b1eb34eb3d3fa99182e05d52b6496b5d','2026-11-24T19:00:00Z');
INSERT INTO "checks" VALUES('BAK-001','Title of BAK-001','why','fix','critical','["linux"]','[]','{}','3ab399cb69c41f1928bbc7790ce29b5b4116addec6064f460e36a8abf1535757','2026-11-24T19:00:00Z');
CREATE TABLE "controls" (
   "check_id" TEXT REFERENCES "checks"("id"),
   "framework" TEXT,
   "control" TEXT,
   PRIMARY KEY ("check_id", "framework", "control")
);
INSERT INTO "controls" VALUES('SSH-003','nist-800-53','AC-6');
INSERT INTO "controls" VALUES('SSH-003','cis-v8','5.4');
INSERT INTO "controls" VALUES('BAK-001','nist-800-53','CP-9');
CREATE TABLE "evidence" (
   "id" INTEGER PRIMARY KEY,
   "hash" TEXT NOT NULL,
   "body" BLOB NOT NULL
);
INSERT INTO "evidence" VALUES(1,'63e9c3e5e714d73e831ca35241209a6733af92251f1c8de4d243b8525cfc2b7f','[{"line":1,"source":"/etc/x","text":"yes"}]');
INSERT INTO "evidence" VALUES(2,'4f2ecff7d8326c43cf93841bfbc17bb896145e99942e079bdf05786a894b3657',X'789C8BAE56CAC9CC4B55B232D4512ACE2F2D4A063295F4534B92F52B9474944A522B4A807C908A98BC5172941C2547C9C14F2AD5C602004B97F56B');
INSERT INTO "evidence" VALUES(3,'79389876966f872643b74839ed08a63d394d53400c73e7c7605436d11e04bb71','[{"line":1,"source":"/etc/x","text":"no"}]');
INSERT INTO "evidence" VALUES(4,'ace460d6807f023ac9a3b1b2b68c5c2b0c793eda75f6ffee023e83a9cecb95ed','[{"line":1,"source":"/etc/x","text":"81 %"}]');
CREATE TABLE "findings" (
   "id" INTEGER PRIMARY KEY,
   "asset_id" INTEGER NOT NULL REFERENCES "assets"("id"),
   "check_id" TEXT NOT NULL REFERENCES "checks"("id"),
   "status" TEXT NOT NULL,
   "severity" TEXT NOT NULL,
   "message" TEXT NOT NULL,
   "evidence_id" INTEGER REFERENCES "evidence"("id"),
   "first_seen" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL,
   "changed_at" TEXT NOT NULL,
   "last_scan_id" INTEGER NOT NULL REFERENCES "scans"("id")
);
INSERT INTO "findings" VALUES(1,1,'SSH-003','pass','high','root cannot',3,'2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z',1002);
INSERT INTO "findings" VALUES(2,1,'BAK-001','pass','critical','kept',4,'2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z',1002);
CREATE TABLE "results" (
   "id" INTEGER PRIMARY KEY,
   "finding_id" INTEGER NOT NULL REFERENCES "findings"("id"),
   "scan_id" INTEGER NOT NULL REFERENCES "scans"("id"),
   "at" TEXT NOT NULL,
   "status" TEXT NOT NULL,
   "severity" TEXT NOT NULL,
   "message" TEXT NOT NULL,
   "evidence_id" INTEGER REFERENCES "evidence"("id"),
   "previous_status" TEXT
);
INSERT INTO "results" VALUES(1,1,1001,'2026-11-24T19:00:00Z','fail','high','root may log in',1,NULL);
INSERT INTO "results" VALUES(2,2,1001,'2026-11-24T19:00:00Z','pass','critical','kept',2,NULL);
INSERT INTO "results" VALUES(3,1,1002,'2026-11-24T19:00:00Z','pass','high','root cannot',3,'fail');
CREATE TABLE "scan_assets" (
   "scan_id" INTEGER REFERENCES "scans"("id"),
   "asset_id" INTEGER REFERENCES "assets"("id"),
   "outcome" TEXT NOT NULL,
   "detail" TEXT NOT NULL,
   "finished" TEXT NOT NULL,
   "seconds" REAL NOT NULL,
   PRIMARY KEY ("scan_id", "asset_id")
);
INSERT INTO "scan_assets" VALUES(1003,2,'unreachable','connection refused','2026-11-24T19:00:00Z',0.5);
CREATE TABLE "scans" (
   "id" INTEGER PRIMARY KEY,
   "uid" TEXT NOT NULL,
   "status" TEXT NOT NULL,
   "started" TEXT NOT NULL,
   "finished" TEXT,
   "profile" TEXT NOT NULL,
   "selection" TEXT NOT NULL,
   "version" TEXT NOT NULL,
   "operator" TEXT NOT NULL,
   "host" TEXT NOT NULL,
   "assets_total" INTEGER NOT NULL,
   "assets_done" INTEGER NOT NULL DEFAULT 0,
   "assets_unreachable" INTEGER NOT NULL DEFAULT 0,
   "counts" TEXT NOT NULL DEFAULT '{}',
   "asset_set_id" INTEGER REFERENCES "asset_sets"("id"),
   "check_set_id" INTEGER REFERENCES "check_sets"("id")
);
INSERT INTO "scans" VALUES(1001,'d034c296-c6aa-477d-9421-7ac683ea9c87','finished','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','sample','{"inventory":["inventory/assets.yaml"],"limit":"web*"}','0.1','clerk','centre',1,1,0,'{"fail":{"high":1},"pass":{"critical":1}}',1,1);
INSERT INTO "scans" VALUES(1002,'124cd685-9011-4496-a9a6-2d651afa7cef','finished','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','sample','{"inventory":["inventory/assets.yaml"],"limit":"web*"}','0.1','clerk','centre',1,1,0,'{"pass":{"critical":1,"high":1}}',1,1);
INSERT INTO "scans" VALUES(1003,'7b520e9d-bc56-4fff-8004-ad7fe16a15c3','finished','2026-11-24T19:00:00Z','2026-11-24T19:00:00Z','sample','{"inventory":["inventory/assets.yaml"],"limit":"web*"}','0.1','clerk','centre',1,1,1,'{}',2,2);
CREATE UNIQUE INDEX "idx_asset_sets_hash"
    ON "asset_sets" ("hash");
CREATE UNIQUE INDEX "idx_check_sets_hash"
    ON "check_sets" ("hash");
CREATE UNIQUE INDEX "idx_scans_uid"
    ON "scans" ("uid");
CREATE UNIQUE INDEX "idx_assets_name"
    ON "assets" ("name");
CREATE INDEX "idx_controls_framework_control"
    ON "controls" ("framework", "control");
CREATE UNIQUE INDEX "idx_evidence_hash"
    ON "evidence" ("hash");
CREATE UNIQUE INDEX "idx_findings_asset_id_check_id"
    ON "findings" ("asset_id", "check_id");
CREATE INDEX "idx_results_finding_id"
    ON "results" ("finding_id");
CREATE INDEX "idx_results_scan_id"
    ON "results" ("scan_id");
CREATE TRIGGER results_no_update BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'results is append only'); END;
CREATE TRIGGER results_no_delete BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'results is append only'); END;
CREATE TRIGGER results_no_replace BEFORE INSERT ON results WHEN EXISTS (SELECT 1 FROM results WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'results is append only'); END;
CREATE VIEW "current_findings" AS SELECT f.id AS finding_id, a.name AS asset, a.owner, a.tier, a.zone, f.check_id, c.title,
       f.status, f.severity, f.message, c.fix, f.first_seen, f.last_seen, f.changed_at, f.last_scan_id
FROM findings f JOIN assets a ON a.id = f.asset_id JOIN checks c ON c.id = f.check_id;
CREATE VIEW "coverage" AS SELECT s.id AS scan_id, a.id AS asset_id, a.name AS asset,
       coalesce(j.outcome, 'ok') AS outcome, coalesce(j.detail, '') AS detail
FROM scans s
JOIN asset_sets m ON m.id = s.asset_set_id
JOIN json_each(m.asset_ids) e
JOIN assets a ON a.id = e.value
LEFT JOIN scan_assets j ON j.scan_id = s.id AND j.asset_id = a.id
UNION ALL
SELECT j.scan_id, a.id, a.name, j.outcome, j.detail
FROM scan_assets j JOIN assets a ON a.id = j.asset_id JOIN scans s ON s.id = j.scan_id
WHERE s.asset_set_id IS NULL;
COMMIT;
