"""Changes: everything that a scenario can plan differently, by subject.

    from sop_core.changes import DemandGrowth, Scope
    change = DemandGrowth(scope=Scope.of(family="Trail", first="2027-03"), pct=0.05)

To add a lever to the product, add one Change class to a module here: the lever panel, the JSON form, the
sentences and docs/scenario-file.md come from its declarations.
"""

from sop_core.changes.base import GROUPS, REGISTRY, Change, Group, options
from sop_core.changes.capacity import (
    CapacityChange,
    ExtraShift,
    HoursPerUnit,
    MachineHours,
    Outage,
    OvertimeChange,
)
from sop_core.changes.cost import (
    BacklogCost,
    HoldingCost,
    LostSaleCost,
    StorageCost,
    TransportCost,
    WageChange,
)
from sop_core.changes.demand import DEFAULT_ELASTICITY, DemandGrowth, DemandOverride, PriceChange, SalesInput
from sop_core.changes.demand_edit import DemandEdit
from sop_core.changes.fields import NO_NEUTRAL, FieldSpec
from sop_core.changes.launch import (
    LaunchCannibalisation,
    LaunchMove,
    LaunchProbability,
    LaunchRamp,
    LaunchVolume,
)
from sop_core.changes.lead_time import LeadTime
from sop_core.changes.mode import MODES, ProductionMode
from sop_core.changes.phase_out import PhaseOut
from sop_core.changes.policy import EndBacklog, Objective, SegmentPriority, WorkforcePolicy
from sop_core.changes.promotion import PromotionAdd, PromotionCancel, PromotionMove, PromotionTerms
from sop_core.changes.scope import AXES, Axis, Scope
from sop_core.changes.sourcing import SafetyStockCover, SourceCost, SourceVolume
from sop_core.changes.storage import EndStock, StorageCapacity
from sop_core.changes.volumes import LaneVolume, MaterialVolume

__all__ = [
    "AXES",
    "DEFAULT_ELASTICITY",
    "GROUPS",
    "MODES",
    "NO_NEUTRAL",
    "REGISTRY",
    "Axis",
    "BacklogCost",
    "CapacityChange",
    "Change",
    "DemandEdit",
    "DemandGrowth",
    "DemandOverride",
    "EndBacklog",
    "EndStock",
    "ExtraShift",
    "FieldSpec",
    "Group",
    "HoldingCost",
    "HoursPerUnit",
    "LaneVolume",
    "LaunchCannibalisation",
    "LaunchMove",
    "LaunchProbability",
    "LaunchRamp",
    "LaunchVolume",
    "LeadTime",
    "LostSaleCost",
    "MachineHours",
    "MaterialVolume",
    "Objective",
    "Outage",
    "OvertimeChange",
    "PhaseOut",
    "PriceChange",
    "ProductionMode",
    "PromotionAdd",
    "PromotionCancel",
    "PromotionMove",
    "PromotionTerms",
    "SafetyStockCover",
    "SalesInput",
    "Scope",
    "SegmentPriority",
    "SourceCost",
    "SourceVolume",
    "StorageCapacity",
    "StorageCost",
    "TransportCost",
    "WageChange",
    "WorkforcePolicy",
    "options",
]
